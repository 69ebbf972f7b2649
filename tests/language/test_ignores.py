"""Comments that ignore a problem, ``# lossspec: ignore[CODE]``: what they hide, and when they are wrong."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

import lossspec
from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.fix import apply_fixes
from lossspec.language.documents.read import text_source

LOSS = 'losses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }'
HEAD = f"format = 1\n{LOSS}"


def found(text):
    return [(each.code, each.span.line, each.span.column) for each in lossspec.validate(text)]


def only(text):
    [problem] = lossspec.validate(text)
    return problem


def fixed(text):
    """Apply every certain fix; what is left has no problem."""
    text, _ = apply_fixes(text_source(text), lossspec.validate(text))
    assert lossspec.validate(text) == []
    return text


@pytest.mark.parametrize(
    "comment",
    [
        "# lossspec: ignore[unused-param]",
        "#lossspec:ignore[unused-param]",
        "# lossspec: ignore[ unused-param ]",
        "# lossspec: ignore[unused-param] read by the notebook",
        "# read by the notebook  # lossspec: ignore[unused-param]",
        "# lossspec: ignore[missing-extra, unused-param]",
    ],
)
def test_a_problem_is_ignored_at_the_end_of_its_line(tmp_path, comment):
    text = f"{HEAD}\nparams.later = 1.0  {comment}\n"
    assert lossspec.validate(text) == []
    (tmp_path / "a.loss.toml").write_text(text)
    assert lossspec.load(tmp_path / "a.loss.toml").params == {"later": 1.0}


def test_only_the_code_that_is_named_and_only_on_its_line():
    text = f"{HEAD}\nparams.a = 1.0  # lossspec: ignore[unused-input]\nparams.b = 1.0\n"
    assert found(text) == [("unused-param", 3, 8), ("unused-param", 4, 8)]


def test_after_a_long_string_the_comment_is_at_its_end():
    text = f'{HEAD}\n[inputs]\ny = "x"\ny_fake = "x"\nz = """of\nthree\nlines"""'
    assert found(text) == [("unused-input", 6, 1)]
    assert lossspec.validate(f"{text} # lossspec: ignore[unused-input]") == []
    assert lossspec.validate(f"{text}\n# lossspec: ignore[unused-input]") != []


def test_a_string_that_looks_like_a_comment_is_a_string():
    text = (
        f'{HEAD}\ndescription = "# lossspec: ignore[unused-param]"\nparams.a = """\n# lossspec: ignore[x]"""'
    )
    assert found(text) == [("unused-param", 4, 8)]


def test_unused_waits_until_no_error_can_hide_a_problem():
    text = f"{HEAD}  # lossspec: ignore[unused-param]\n"
    assert found(text) == [("unused-ignore", 2, len(LOSS) + 1)]
    assert found(f"{text}wieght = 2\n") == [("unknown-key", 3, 1)]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("  # lossspec: ignore[unused-input]", ""),
        (" # why # lossspec: ignore[unused-input]", " # why"),
        (" # lossspec: ignore[unused-input] why", " # why"),
        (" # lossspec: ignore[unused-input] # why", " # why"),
        (" # lossspec: ignore[unused-input, missing-extra]", " # lossspec: ignore[missing-extra]"),
        (" # lossspec: ignore[missing-extra, missing-extra]", " # lossspec: ignore[missing-extra]"),
    ],
)
def test_an_unused_comment_is_removed(comment, left):
    assert {code for code, _, _ in found(f"{HEAD}{comment}\n")} == {"unused-ignore"}
    assert fixed(f"{HEAD}{comment}\n") == f"{HEAD}{left}\n"


def test_a_comment_on_a_line_of_its_own_is_unused():
    problem = only(f"# lossspec: ignore[unused-param]\n{HEAD}\n")
    assert problem.code == "unused-ignore"
    assert problem.help.startswith("put it at the end of the line that has the problem")


def test_a_missing_library_may_be_missing_elsewhere():
    assert lossspec.validate(f"{HEAD}  # lossspec: ignore[missing-extra]\n") == []


def test_a_missing_library_is_ignored(monkeypatch):
    monkeypatch.setattr("lossspec.registry.code.find_spec", lambda name: None if name == "monai" else True)
    text = 'format = 1\nlosses.a = { type = "monai.DiceLoss", inputs = ["x", "y"] }'
    assert [code for code, _, _ in found(text)] == ["missing-extra"]
    assert lossspec.validate(f"{text} # lossspec: ignore[missing-extra]") == []


@pytest.mark.parametrize(
    ("comment", "message", "replacement"),
    [
        ("ignore[unusd-param]", "unknown code `unusd-param`", "unused-param"),
        ("ignore[no-such-thing]", "unknown code `no-such-thing`", None),
        ("ignore[unknown-key]", "`unknown-key` must not be ignored", None),
        ("ignore[unused-ignore]", "`unused-ignore` must not be ignored", None),
        ("ignore", "the comment does not name a code", None),
        ("ignore[]", "the comment does not name a code", None),
        ("ignore[unused-param", "the bracket is not closed", "# lossspec: ignore[unused-param]"),
        ("ignor[unused-param]", "unknown word `ignor` after `lossspec:`", "ignore"),
        ("disable[unused-param]", "unknown word `disable` after `lossspec:`", "ignore"),
    ],
)
def test_a_comment_that_cannot_be_understood(comment, message, replacement):
    problem = only(f"{HEAD}  # lossspec: {comment}\n")
    assert (problem.code, problem.severity) == ("bad-ignore", "warning")
    assert (problem.message, problem.replacement) == (message, replacement)


@pytest.mark.parametrize(
    "comment", ["#:schema ./x.json", "# lossspec", "# lossspec: a library", "# lossspec:"]
)
def test_other_comments_are_comments(comment):
    assert lossspec.validate(f"{HEAD}  {comment}\n") == []


def test_what_must_be_fixed_stays_whatever_a_comment_says(tmp_path):
    text = f"{HEAD}\nlosses.l2.wieght = 2.0  # lossspec: ignore[unknown-key, missing-key, unused-param]\n"
    assert {code for code, _, _ in found(text)} == {"unknown-key", "missing-key", "bad-ignore"}
    (tmp_path / "a.loss.toml").write_text(text)
    with pytest.raises(LossSpecError, match="unknown key `wieght`"):
        lossspec.load(tmp_path / "a.loss.toml")


def test_what_an_error_leaves_unclear_is_never_ignored():
    ignorable = {name for name, code in codes().items() if code.can_ignore}
    assert ignorable == {"missing-extra", "much-memory", "unused-input", "unused-param"}


@pytest.fixture
def validated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def validate(base, child):
        (tmp_path / "base.loss.toml").write_text(base)
        (tmp_path / "child.loss.toml").write_text(child)
        return [(each.code, each.source, each.span.line) for each in lossspec.validate("child.loss.toml")]

    return validate


def test_what_a_parent_ignores_its_children_ignore(validated):
    base, child = f"{HEAD}\nparams.later = 1.0", 'format = 1\nextends = "base"'
    assert validated(base, child) == [("unused-param", "child.loss.toml", 2)]
    assert validated(base, f"{child}  # lossspec: ignore[unused-param]") == []
    assert validated(f"{base}  # lossspec: ignore[unused-param]", child) == []
    assert lossspec.load("child.loss.toml").params == {"later": 1.0}


def test_the_comments_of_a_parent_are_judged_in_its_own_file(validated):
    child = 'format = 1\nextends = "base"\nlosses.l1.weight = 2.0'
    assert validated(f"{HEAD}  # lossspec: ignore[unused-param]", child) == []


def test_load_still_refuses_what_is_not_ignored(tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text(f"{HEAD}\nparams.a = 1.0 # lossspec: ignore[unused-input]\n")
    with pytest.raises(LossSpecError, match="parameter `a` is not used"):
        lossspec.load(path)


PARTS = (
    "ignore",
    "ignor",
    "[",
    "]",
    ",",
    " ",
    "#",
    "unused-param",
    "unused-input",
    "unsed-param",
    "missing-extra",
    "a",
)


@given(st.lists(st.sampled_from([*PARTS, "# lossspec: ", "lossspec:", '"', "x"]), max_size=12).map("".join))
def test_fixes_of_comments_change_no_document_and_end(comment):
    text = f"{HEAD} # lossspec: {comment}\nparams.a = 1.0 # lossspec:{comment}\n"
    document = tomli.loads(text)
    for _ in range(8):
        found = lossspec.validate(text)
        assert {each.code for each in found} <= {"unused-param", "unused-ignore", "bad-ignore"}
        text, edits = apply_fixes(text_source(text), found)
        assert tomli.loads(text) == document
        if not edits:
            break
    assert not edits
    certain = [each for each in lossspec.validate(text) if each.certain]
    assert certain == []
