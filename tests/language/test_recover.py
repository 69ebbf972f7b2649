"""The problems of a text that is not TOML: all that are certain, and none that a fix could remove."""

import pytest

from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.read import parse, text_source

LOSS = 'losses.l1 = { type = "torch.L1Loss", inputs = ["y_hat", "y"], wieght = 2.0 }\n'


def codes_of(text):
    with pytest.raises(SpecError) as caught:
        parse(text_source(text))
    return [(each.code, each.span.line, each.span.column) for each in caught.value.diagnostics]


def test_faults_between_broken_lines_are_in_order():
    assert codes_of(f"fromat = 1\na = .5\n{LOSS}b = \nlosses.l2.weight = 'x'\n") == [
        ("unknown-key", 1, 1),
        ("bad-number", 2, 5),
        ("unknown-key", 3, 63),
        ("missing-value", 4, 3),
        ("wrong-type", 5, 20),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("formt 1\n" + LOSS.replace("wieght", "weight"), [("syntax", 1, 7)]),
        ('format = 1\n[losses.l1]\ntype: "torch.SmoothL1Loss"\nargs.beta = 2.0\n', [("syntax", 3, 5)]),
        ("format = 1\n[losses.l1\ntype = 'torch.L1Loss'\nbeta = 2.0\n", [("unclosed-bracket", 2, 1)]),
        ("[params]\na = 1\n[params]\nb = 2\nwieght = 3\n", [("duplicate-key", 3, 2)]),
        ('[losses.l1]\nweight = 1\nweight = "x"\n', [("duplicate-key", 3, 1)]),
        (
            'format = 1 a = 2\n[losses.l1] x = 1\ntype = "torch.L1Loss"\n',
            [("syntax", 1, 12), ("syntax", 2, 13)],
        ),
        ('[losses."\\d"]\ntype = "torch.L1Loss"\n', [("bad-escape", 1, 10)]),
        ('description = """\n[losses.l1]\nwieght = 1\n', [("unclosed-string", 1, 15)]),
    ],
    ids=[
        "a missing key",
        "a type",
        "a header",
        "a duplicate header",
        "a duplicate key",
        "the end of a line",
        "a name",
        "all that follows",
    ],
)
def test_faults_that_depend_on_a_broken_line_are_not(text, expected):
    assert codes_of(text) == expected


def test_a_bad_first_comment_hides_nothing():
    assert codes_of("# \x07\nfromat = 1\n") == [("control-character", 1, 3), ("unknown-key", 2, 1)]


def test_a_large_text_is_not_checked_further():
    assert len(codes_of("unknown = 1\na = .5\n")) == 2
    assert len(codes_of("unknown = 1\na = .5\n" + "#" * 70_000)) == 1
