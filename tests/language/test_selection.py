"""References that select: what the grammar takes, and what it says of the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lossspec
from lossspec.language.text.selection import (
    PATTERN,
    Selection,
    SelectionError,
    is_valid,
    parse_selection,
    tensor_of,
)

INDICES = st.integers(-9999, 9999)
SELECTORS = st.one_of(
    INDICES,
    st.tuples(st.none() | INDICES, st.none() | INDICES),
    st.just("*"),
    st.from_regex(r"\.[A-Za-z](_?[A-Za-z0-9]){0,6}_?", fullmatch=True),
)
SELECTIONS = st.builds(
    Selection,
    st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
    st.lists(SELECTORS, max_size=8).map(tuple),
)
#: Texts that are nearly references.
NEARLY = st.lists(st.sampled_from(["a", "_", "[", "]", ":", "*", ".", "-", "0", "12", "9999", " ", "é"])).map(
    "".join
)


@given(SELECTIONS)
def test_what_is_written_is_read_back(selection):
    assert parse_selection(str(selection)) == selection
    assert is_valid(str(selection))


@given(NEARLY)
def test_the_parser_takes_what_the_pattern_takes(text):
    """The pattern is what editors check; it is written down once more here, without the parser's."""
    index = "(0|-?[1-9][0-9]{0,3})"
    key = "(?![A-Za-z0-9_]*__)[A-Za-z][A-Za-z0-9_]*"
    selector = rf"(\[{index}\]|\[{index}?:{index}?\]|\[\*\]|\.{key})"
    expected = re.fullmatch(rf"[A-Za-z_][A-Za-z0-9_]*{selector}{{0,8}}", text, re.ASCII) is not None
    assert is_valid(text) is expected
    assert (re.search(PATTERN, text) is not None) is expected
    if expected:
        assert str(parse_selection(text)) == text
    else:
        with pytest.raises(SelectionError) as caught:
            parse_selection(text)
        assert 0 <= caught.value.offset <= len(text)


@given(NEARLY)
def test_every_other_text_has_one_fault_at_its_place(text):
    spec = f"format = 1\nlosses.a = {{ type = 'torch.L1Loss', inputs = ['{text}', 'y'] }}"
    found = lossspec.validate(spec)
    if is_valid(text):
        assert found == []
        return
    [fault] = found
    assert fault.code in {"bad-selector", "bad-name"}
    assert (fault.span.line, fault.span.column) == (2, spec.splitlines()[1].index("['") + 2)
    assert fault.code == "bad-name" or f'"{text}"' in fault.message
    if fault.replacement is not None:
        assert is_valid(fault.replacement[1:-1])


@pytest.mark.parametrize(
    ("text", "offset"),
    [("", 0), ("1a", 0), ("[0]", 0), ("a[0]b", 4), ("a[1][2:3:4]", 4), ("a.b.__c", 3), ("a" + "[0]" * 9, 25)],
)
def test_the_offset_of_the_first_wrong_part(text, offset):
    with pytest.raises(SelectionError) as caught:
        parse_selection(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("feats", "feats"),
        ("a[-1]", "a"),
        ("a.b", "a"),
        ("a[", "a"),
        ("_x__y[0]", "_x__y"),
        ("", ""),
        ("0", ""),
    ],
)
def test_the_tensor_of_a_reference(text, name):
    assert tensor_of(text) == name


ADVICE = [
    ("x[-1", "write `[-1]`", "x[-1]"),
    ("x['depth']", "a key is written `.depth`", "x.depth"),
    ("x[depth]", "a key is written `.depth`", "x.depth"),
    ("x.0", "an index is written `[0]`", "x[0]"),
    ("x[007]", "write `[7]`", "x[7]"),
    ("x[-0]", "write `[0]`", "x[0]"),
    ("x[ 1:3 ]", "write it without spaces", "x[1:3]"),
    ("x [0]", "write it without spaces", "x[0]"),
    ("x[]", "each element is `[*]`", "x[*]"),
    ("x[...]", "each element is `[*]`", "x[*]"),
    ("x[0, 1]", "write `[0][1]`: the second index is for what the first one takes", "x[0][1]"),
    ("x[::2]", "a slice is `[start:stop]`, without a step", None),
    ("x[12345]", "an index has at most 4 digits", None),
    ("x.detach()", "write `{ name = ..., detach = true }`", None),
    ("x.mean()", "nothing is called: pass what it returns as a tensor of its own", None),
    ("x.a.__dict__", "a key of a mapping has no `__`, and an attribute cannot be read", None),
    ("x._a", "a key starts with a letter", None),
    ("x.a-b", "a key has only letters, digits and `_`", None),
    ("x[*:]", "a selector is `[-1]`, `[1:3]`, `[*]` for each element, or `.key`", None),
    ("x" + "[0]" * 9, "pass what it takes as a tensor of its own", None),
]


@pytest.mark.parametrize(("text", "help_", "meant"), ADVICE)
def test_advice_on_a_wrong_selector(text, help_, meant):
    spec = "format = 1\nlosses.a = { type = 'torch.L1Loss', inputs = [%s, 'y'] }"
    [fault] = lossspec.validate(spec % f'"{text}"')
    assert (fault.code, fault.help) == ("bad-selector", help_)
    assert fault.replacement == (None if meant is None else f'"{meant}"')
    if meant:
        assert lossspec.validate(spec % fault.replacement) == []
