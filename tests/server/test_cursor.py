"""What is being typed: the cursor is ``|``, and the text around it need not be TOML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.language.documents.search import shipped
from lossspec.language.text.source import Source
from lossspec.server.state.cursor import place_at


def at(marked):
    offset = marked.index("|")
    return place_at(marked.replace("|", "", 1), offset)


@pytest.mark.parametrize(
    ("marked", "role", "path", "typed"),
    [
        ("|", "key", (), ""),
        ("for|", "key", (), "for"),
        ("format = |", "value", ("format",), ""),
        ("losses.a.|", "key", ("losses", "a"), ""),
        ('losses."a.b".we|', "key", ("losses", "a.b"), "we"),
        ("[losses.|]", "header", ("losses",), ""),
        ("[losses.a|", "header", ("losses",), "a"),
        ("[losses.a]\n|", "key", ("losses", "a"), ""),
        ("[losses.a] # a comment\nwei|", "key", ("losses", "a"), "wei"),
        ('[losses.a]\nx = "]"\nargs = { be|', "key", ("losses", "a", "args"), "be"),
        ("losses.a = {\n  b = 1,\n  |\n}", "key", ("losses", "a"), ""),
        ('losses.a = { x = "\nlosses.b = { ty|', "key", ("losses", "b"), "ty"),
        ("losses.a = { x = [1, [2]], y.z = [|", "value", ("losses", "a", "y", "z", 0), ""),
        ('x = [\n  "a",\n  "b|\n]', "value", ("x", 1), "b"),
        ("x = [{ a = 1 }, { b = |", "value", ("x", 1, "b"), ""),
        ('w = "${a * la|mb}"', "value", ("w",), "${a * la"),
        ("w = '|'", "value", ("w",), ""),
        (r'"\u006}" = { a = |', "value", (r"\u006}", "a"), ""),
        ("w = '''\n[a]\n'''\nv = |", "value", ("v",), ""),
    ],
)
def test_what_is_typed(marked, role, path, typed):
    place = at(marked)
    assert (place.role, place.path, place.typed) == (role, path, typed)


@pytest.mark.parametrize(
    "marked", ["# |", 'a = "x" |', "a |", "[a] |", 'a = """|', 'a = "#" # "|', "a = { b = 1 } |"]
)
def test_nothing_can_be_typed(marked):
    assert at(marked).role == "none"


@pytest.mark.parametrize(
    ("marked", "replaced", "closed"),
    [
        ('a = "to|rch.X"', "torch.X", True),
        ('a = "to|', "to", False),
        ('a = "to|, b = "x"', "to", False),
        ("a = to|rch", "torch", False),
        ("[lo|sses]", "losses", False),
        ("lo|sses.a = 1", "losses", False),
    ],
)
def test_what_is_replaced(marked, replaced, closed):
    place, text = at(marked), marked.replace("|", "", 1)
    assert (text[place.start : place.end], place.is_closed) == (replaced, closed)


def test_types_and_keys_before_the_cursor_are_known():
    place = at('losses.a = { type = "torch.L1Loss", weight = { type = "linear", start = 0, |')
    assert place.types == {("losses", "a"): "torch.L1Loss", ("losses", "a", "weight"): "linear"}
    assert place.keys == {"type", "start"}


TEXTS = [path.read_text("utf-8") for path in sorted(shipped().glob("*.loss.toml"))]


@given(st.sampled_from(TEXTS), st.data())
def test_in_a_whole_spec_it_agrees_with_the_tolerant_reader(text, data):
    """The reader knows the path of every string; the scan finds the same from the text before it alone."""
    tables = Source("x", text).reading.tables
    at_quotes = [index for index, char in enumerate(text) if char == '"' and tables.at(index + 1)]
    offset = data.draw(st.sampled_from(at_quotes)) + 1
    path, kind, (start, _) = tables.at(offset)
    place = place_at(text, offset)
    if kind == "value" and start == offset - 1:
        assert (place.role, place.path, place.typed) == ("value", path, "")
