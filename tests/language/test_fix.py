"""Fixes: certain replacements, at all their places, and nothing else."""

import pytest

from lossspec.faults import Fault, Range
from lossspec.language.diagnostics.fix import apply_fixes, rewrite
from lossspec.language.diagnostics.locate import locate
from lossspec.language.text.source import Source

TEXT = "# wieght\r\n[loses.a]\r\nwieght\t= 1 # wieght\r\n[loses.b]\r\n"


def fixed(*faults, text=TEXT, name="x"):
    source = Source(name, text)
    return apply_fixes(source, locate(faults, source))


def key(*path, new, certain=True):
    return Fault("unknown-key", "m", path, "key", replacement=new, certain=certain)


def test_every_place_of_a_key_is_replaced():
    text, edits = fixed(key("loses", new="losses"), key("loses", "a", "wieght", new="weight"))
    assert text == "# wieght\r\n[losses.a]\r\nweight\t= 1 # wieght\r\n[losses.b]\r\n"
    assert [(edit.span.line, edit.old, edit.new) for edit in edits] == [
        (2, "loses", "losses"),
        (3, "wieght", "weight"),
        (4, "loses", "losses"),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        key("loses", new="losses", certain=False),
        Fault("unknown-key", "m", ("loses",), "key", certain=True),
        key("loses", "a", "missing", new="x"),
    ],
    ids=["not certain", "no replacement", "not there"],
)
def test_uncertain_replacements_are_not_made(fault):
    assert fixed(fault) == (TEXT, [])


def test_replacements_in_other_files_are_not_made():
    elsewhere = locate([key("loses", new="losses")], Source("base", TEXT))
    assert apply_fixes(Source("x", TEXT), elsewhere) == (TEXT, [])


def test_of_overlapping_replacements_the_first_is_made():
    outer = Fault("syntax", "m", Range(0, 8), replacement="A", certain=True)
    inner = Fault("bad-value", "m", Range(2, 4), replacement="B", certain=True)
    after = Fault("bad-value", "m", Range(8, 9), replacement="C", certain=True)
    assert fixed(inner, outer, after, text="01234567 9")[0] == "AC9"


def test_insertions_and_removals():
    put = Fault("syntax", "m", Range(2, 2), replacement=",", certain=True)
    taken = Fault("syntax", "m", Range(3, 4), replacement="", certain=True)
    assert fixed(put, taken, text="日本 x")[0] == "日本, "


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "marked"])
@pytest.mark.parametrize("text", ["", "é", "longer than it was\r\n"])
def test_a_file_keeps_its_mark_and_mode(tmp_path, mark, text):
    path = tmp_path / "x"
    path.write_bytes(mark + "日本日本\n".encode())
    path.chmod(0o640)
    rewrite(path, "日本日本\n", text)
    assert path.read_bytes() == mark + text.encode()
    assert path.stat().st_mode & 0o777 == 0o640
