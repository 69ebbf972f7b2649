r"""Finds what is being typed at an offset, in text that need not be TOML yet.

>>> text = '[losses.a]\ntype = "torch.L1Loss"\ninputs = ["y_fake", "y'
>>> place = place_at(text, len(text))
>>> place.role, place.path, place.typed, place.quote
('value', ('losses', 'a', 'inputs', 1), 'y', '"')

The tolerant reader gives no places in statements with an error. This scan reads from the start of the text to
the cursor, in one pass, and follows only headers, keys, brackets and strings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from attrs import Factory, define, field, frozen

from lossspec.language.text import tokens

if TYPE_CHECKING:
    from lossspec.faults import KeyPath

_TOKEN = re.compile(
    rf"{tokens.STRING}|{tokens.COMMENT}|\"\"\"|'''|[\"']|[\[\]{{}}=,\n]"
    r"|(?P<bare>[^\s\[\]{}=,#\"']+)"
)
#: What belongs to the text being typed, after the cursor.
_REST = re.compile(r"[\w.+*/(){}$ -]*(?=[\"'])|[\w.+-]*")
_WORD = re.compile(r"[\w-]*")
_HEADER = re.compile(r"[ \t]*\[\[?([^\]\n#]*)(\]{0,2})")


@frozen
class Place:
    """What is at the cursor.

    Attributes:
        role: what is typed: a key of the table at ``path``, a part of a header after the tables ``path``, the
            value at ``path``, or nothing that can be completed.
        path: the path.
        typed: the text from its start to the cursor, without a quote.
        start: where it starts.
        end: where it ends.
        quote: the quote that opens it, or "".
        is_closed: whether the same quote closes it.
        types: the ``type`` of each table that the text up to the cursor gives, also in a broken statement.
        keys: the keys before the cursor in the same brackets.
    """

    role: Literal["key", "header", "value", "none"]
    path: KeyPath = ()
    typed: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    is_closed: bool = False
    types: dict[KeyPath, str] = field(factory=dict)
    keys: frozenset[str] = frozenset()


@define
class _Frame:
    """Brackets that are open, or the statement around them."""

    path: KeyPath
    is_array: bool = False
    index: int = 0
    parts: list[str] = Factory(list)  # of the key that is being read
    is_value: bool = False  # after the equals sign
    is_done: bool = False  # after a whole key or value
    is_dotted: bool = False  # after a dot
    keys: set[str] = Factory(set)

    def here(self) -> KeyPath:
        """Return the path of the value that comes."""
        return (*self.path, self.index) if self.is_array else (*self.path, *self.parts)

    def next(self) -> None:
        """Go on after a comma or a line end."""
        self.index += 1
        self.parts, self.is_value, self.is_done, self.is_dotted = [], False, False, False


class _Scan:
    """The state of the scan."""

    def __init__(self) -> None:
        self.table: KeyPath = ()
        self.frames = [_Frame(())]
        self.types: dict[KeyPath, str] = {}

    @property
    def frame(self) -> _Frame:
        return self.frames[-1]

    def begin(self) -> None:
        """Begin a statement."""
        self.frames = [_Frame(self.table)]

    def open(self, mark: str) -> None:
        frame = self.frame
        if frame.is_array or frame.is_value:
            frame.is_done = True
            self.frames.append(_Frame(frame.here(), is_array=mark == "["))

    def close(self, mark: str) -> None:
        if len(self.frames) > 1 and self.frame.is_array is (mark == "]"):
            self.frames.pop()

    def header(self, text: str) -> None:
        """Take the text inside the brackets of a header; nothing follows it on its line."""
        self.table = tuple(_parts(text))
        self.begin()
        self.frame.is_done = self.frame.is_value = True

    def key(self, text: str, *, bare: bool) -> None:
        """Take a part of a key, or several with dots."""
        frame = self.frame
        for index, part in enumerate(text.split(".") if bare else [_unquoted(text)]):
            frame.is_dotted = frame.is_dotted or index > 0
            if part:
                frame.parts.append(part)
                frame.is_dotted = False
        frame.is_done = not frame.is_dotted
        frame.keys.update(frame.parts[:1])

    def scalar(self, text: str) -> None:
        """Take a whole value."""
        path = self.frame.here()
        if path and path[-1] == "type" and text[0] in "\"'":
            self.types[path[:-1]] = text[1:-1]
        self.frame.is_done = True


def place_at(text: str, offset: int) -> Place:
    """Return what is at an offset of a text."""
    scan = _Scan()
    before = text[:offset]
    at, begins_line = 0, True
    while at < offset:
        if len(scan.frames) == 1 and begins_line and (found := _HEADER.match(before, at)):
            begins_line = False
            if not found[2]:  # the header ends at the cursor, or has no end
                if found.end() == offset:
                    return _in_header(text, offset, found[1])
                at = found.end()
                continue
            scan.header(found[1])
            at = found.end()
            continue
        token = _TOKEN.search(before, at)
        if token is None:
            break
        at = token.end()
        mark = token.group()
        begins_line = mark == "\n"
        if token.end() == offset and (place := _last(scan, text, token)) is not None:
            return place
        if mark in {'"', "'", '"""', "'''"}:  # it has no end: the line is its end
            at = _line_end(before, at)
            if at == offset:
                return _value(scan, text, token.end(), offset, mark) if len(mark) == 1 else Place("none")
            scan.frame.is_done = True
            continue
        _take(scan, before, token, mark)
    return _value(scan, text, offset, offset, "")


def _take(scan: _Scan, text: str, token: re.Match[str], mark: str) -> None:
    """Move the scan past one token."""
    frame = scan.frame
    if mark == "\n":
        if len(scan.frames) == 1:
            scan.begin()
        elif tokens.STATEMENT.match(text, token.end()) and text[token.end()] not in " \t":
            scan.begin()  # brackets that somebody has not closed yet
    elif mark[0] == "#":
        return
    elif mark in "[{":
        scan.open(mark)
    elif mark in "]}":
        scan.close(mark)
    elif mark == ",":
        frame.next()
    elif mark == "=":
        frame.is_value, frame.is_done = True, False
    elif frame.is_array or frame.is_value:
        scan.scalar(mark)
    else:
        scan.key(mark, bare=token["bare"] is not None)


def _last(scan: _Scan, text: str, token: re.Match[str]) -> Place | None:
    """Return the place of the token that ends at the cursor, or None if it is whole."""
    mark = token.group()
    if mark[0] == "#":
        return Place("none")
    if token["bare"] is None:
        return None
    if not (scan.frame.is_array or scan.frame.is_value):
        *parents, typed = mark.split(".")
        if parents:
            scan.key(".".join([*parents, ""]), bare=True)
        return _value(scan, text, token.end() - len(typed), token.end(), "")
    return _value(scan, text, token.start(), token.end(), "")


def _value(scan: _Scan, text: str, start: int, offset: int, quote: str) -> Place:
    """Return the place of what starts at ``start`` in the innermost brackets of the scan."""
    frame = scan.frame
    is_value = frame.is_array or frame.is_value
    if frame.is_done:
        return Place("none", types=scan.types)
    found = _REST.match(text, offset)
    end = found.end() if found and quote else _word_end(text, offset)
    role: Literal["key", "value"] = "value" if is_value else "key"
    closed = bool(quote) and text[end : end + 1] == quote
    if quote and not closed:
        end = _word_end(text, offset)
    path, keys = frame.here(), frozenset(() if frame.parts else frame.keys)
    return Place(role, path, text[start:offset], start, end, quote, closed, scan.types, keys)


def _in_header(text: str, offset: int, inside: str) -> Place:
    typed = inside.rpartition(".")[2].strip()
    path = tuple(_parts(inside[: inside.rfind(".") + 1]))
    return Place("header", path, typed, offset - len(typed), _word_end(text, offset))


def _parts(text: str) -> list[str]:
    """Return the parts of a key.

    >>> _parts('losses."a.b".c')
    ['losses', 'a.b', 'c']
    """
    return [_unquoted(found[1]) for found in tokens.KEY_PART.finditer(text)]


def _unquoted(part: str) -> str:
    try:
        return tokens.unquote(part)
    except ValueError:  # an escape that TOML does not have
        return part[1:-1]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _word_end(text: str, at: int) -> int:
    found = _WORD.match(text, at)
    return found.end() if found else at
