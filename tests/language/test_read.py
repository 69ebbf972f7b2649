"""Reading: invalid bytes, byte order marks, sizes at the limit, and files that cannot be read."""

import os

import pytest

from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.read import decode, parse, read_source, text_source
from lossspec.language.text.limits import MAX_BYTES, MAX_LOSSES

MARK = b"\xef\xbb\xbf"


def refused(call, *args):
    with pytest.raises(SpecError) as caught:
        call(*args)
    (diagnostic,) = caught.value.diagnostics
    span = diagnostic.span
    return diagnostic.code, (span.line, span.column) if span else None, diagnostic.message


@pytest.mark.parametrize("mark", [b"", MARK], ids=["bare", "marked"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_byte_order_marks_and_line_ends(mark, end):
    source = decode(mark + b"format = 1" + end + 'a = "é日"'.encode() + end, "x")
    assert parse(source) == {"format": 1, "a": "é日"}
    assert source.lines[:2] == ("format = 1", 'a = "é日"')
    assert source.text[0] == "f"


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"a = 1\n# \xe9t\xe9\n", (2, 3), "the file is not UTF-8: byte 9 is 0xe9"),
        ("é = 'x'\n日".encode() + b"\xff", (2, 2), "the file is not UTF-8: byte 13 is 0xff"),
        (b"\xe6\x97", (1, 1), "the file is not UTF-8: byte 1 is 0xe6"),
        ("a = 1".encode("utf-16"), (1, 1), "the file is UTF-16, not UTF-8: byte 1 is 0xff"),
        (MARK + b"\xc3(", (1, 1), "the file is not UTF-8: byte 1 is 0xc3"),
    ],
)
def test_invalid_bytes_are_found_at_their_place(data, place, message):
    assert refused(decode, data, "x") == ("not-utf-8", place, message)


def test_a_surrogate_is_invalid():
    assert refused(text_source, "a = '\udc80'")[:2] == ("not-utf-8", (1, 6))


def test_a_real_replacement_character_is_read():
    assert parse(text_source("a = '\ufffd'")) == {"a": "\ufffd"}


@pytest.mark.parametrize("mark", [b"", MARK], ids=["bare", "marked"])
def test_the_size_is_in_bytes_without_the_mark(mark, tmp_path):
    path = tmp_path / "x.loss.toml"
    text = "# " + "é" * (MAX_BYTES // 2 - 1)
    path.write_bytes(mark + text.encode())
    assert parse(read_source(path)) == {}
    path.write_bytes(mark + text.encode() + b"x")
    assert refused(read_source, path) == ("too-large", (1, 1), "the file is larger than 256 KiB")


def test_a_huge_file_is_not_read_whole(tmp_path):
    path = tmp_path / "x.loss.toml"
    with path.open("wb") as file:
        file.truncate(50_000_000_000)  # a hole: it takes no room, but could not be held
    assert refused(read_source, path)[0] == "too-large"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.loss.toml", "the file cannot be read: no such file or directory"),
        ("folder.loss.toml", "the file cannot be read: is a directory"),
        ("pipe.loss.toml", "the file cannot be read: it is not a regular file"),
        ("device.loss.toml", "the file cannot be read: it is not a regular file"),
    ],
)
def test_unreadable_files(tmp_path, name, message):
    (tmp_path / "folder.loss.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.loss.toml")
    (tmp_path / "device.loss.toml").symlink_to("/dev/zero")
    assert refused(read_source, tmp_path / name) == ("unreadable", None, message)


def test_a_source_has_the_name_that_the_user_gave(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.loss.toml").write_text("")
    assert read_source("x.loss.toml").name == "x.loss.toml"
    assert read_source("x.loss.toml", "other").name == "other"
    assert text_source("").name == "<text>"


def test_at_most_a_thousand_losses():
    text = "".join(f"losses.l{i} = {{}}\n" for i in range(MAX_LOSSES))
    assert len(parse(text_source(text))["losses"]) == MAX_LOSSES
    assert refused(parse, text_source(text + "losses.more = {}\nlosses.most = {}")) == (
        "too-many-losses",
        (1001, 8),
        "a spec can have at most 1,000 losses, got 1,002",
    )


def test_syntax_errors_are_in_file_order():
    with pytest.raises(SpecError) as caught:
        parse(text_source("format = 1\nformat = 2\nremove = .5\ninputs = [\n"))
    assert [(each.code, each.span.line) for each in caught.value.diagnostics] == [
        ("duplicate-key", 2),
        ("bad-number", 3),
        ("unclosed-bracket", 4),
    ]
