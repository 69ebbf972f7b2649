r"""Where each key and value of a TOML document stands: an index of key paths, of text that parses.

>>> index = Positions("[losses.l1]\nweight = 2.0\n")
>>> index.key(("losses", "l1", "weight")), index.value(("losses", "l1", "weight"))
((12, 18), (21, 24))
>>> index.value(("losses", "l1"))  # of a table that a header opens: the header
(0, 11)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import tomli

from lossspec.language.text.tokens import GAP, KEY_PART, STRING

if TYPE_CHECKING:
    from lossspec.faults import KeyPath

#: Where something starts in the text, and where it has ended.
Offsets = tuple[int, int]

_SCALAR = re.compile(rf"{STRING}|[^,\]}}#\r\n]+")


class Positions:
    """An index of the keys and values of a document, by key path.

    Args:
        text: a document that the parser accepts and that is within the limits.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._keys: dict[KeyPath, list[Offsets]] = {}  # every place, the one that defines it first
        self._defined: set[KeyPath] = set()
        self._values: dict[KeyPath, Offsets] = {}
        self._arrays: dict[KeyPath, int] = {}  # how many tables each array of tables has so far
        base: KeyPath = ()
        at = self._gap(0)
        while at < len(text):
            if text[at] == "[":
                at, base = self._header(at)
            else:
                at = self._pair(base, at)
            at = self._gap(at)

    def keys(self, path: KeyPath) -> list[Offsets]:
        """Return every place that writes the last key of a path: headers and dotted keys repeat it."""
        return self._keys.get(path, [])

    def key(self, path: KeyPath) -> Offsets | None:
        """Return where the last key of a path is defined, or else where it is first written."""
        places = self._keys.get(path)
        return places[0] if places else None

    def value(self, path: KeyPath) -> Offsets | None:
        """Return where the value of a path is written; of a table that is no value, its header or key."""
        return self._values.get(path) or self.key(path)

    def nearest(self, path: KeyPath, at: Literal["key", "value"] = "value") -> tuple[Offsets, bool]:
        """Return the place of a path, or of what encloses it most closely, and whether it is its own."""
        found = self.key(path) if at == "key" else self.value(path)
        if found is not None:
            return found, True
        while path:
            found = self.key(path) or self._values.get(path)
            if found is not None:
                return found, False
            path = path[:-1]
        return (0, 0), False

    def _gap(self, at: int) -> int:
        found = GAP.match(self._text, at)
        return found.end() if found else at

    def _header(self, at: int) -> tuple[int, KeyPath]:
        """Read ``[a.b]`` or ``[[a.b]]``, and return where it ends and the path of what follows."""
        start = at
        width = 2 if self._text.startswith("[[", at) else 1
        parts, at = self._parts(at + width)
        at += width
        path: KeyPath = ()
        for name, place in parts:
            path = self._element(path)
            path += (name,)
            self._keys.setdefault(path, []).append(place)
        self._define(path, parts[-1][1])
        self._values.setdefault(path, (start, at))
        if width == 2:
            self._arrays[path] = self._arrays.get(path, 0) + 1
            path = self._element(path)
            self._values[path] = (start, at)
        return at, path

    def _element(self, path: KeyPath) -> KeyPath:
        """Return the path of the last table of an array of tables, or of anything else the path itself."""
        return (*path, self._arrays[path] - 1) if path in self._arrays else path

    def _pair(self, base: KeyPath, at: int) -> int:
        """Read ``key = value``, and return where it ends."""
        parts, at = self._parts(at)
        for name, place in parts:
            base += (name,)
            self._keys.setdefault(base, []).append(place)
        self._define(base, parts[-1][1])
        return self._value(base, self._gap(at + 1))

    def _define(self, path: KeyPath, place: Offsets) -> None:
        if path not in self._defined:
            self._defined.add(path)
            places = self._keys[path]
            places.remove(place)
            places.insert(0, place)

    def _parts(self, at: int) -> tuple[list[tuple[str, Offsets]], int]:
        """Read a key, dotted or not; return its parts with their places, and where it and its blanks end."""
        parts = []
        while found := KEY_PART.match(self._text, at):
            parts.append((unquote(found[1]), found.span(1)))
            at = found.end()
            if not found[2]:
                break
        return parts, at

    def _value(self, path: KeyPath, at: int) -> int:
        """Read a value and all that is in it, and return where it ends."""
        start, opening = at, self._text[at]
        if opening in "[{":
            at = self._gap(at + 1)
            count = 0
            while self._text[at] not in "]}":
                at = self._value((*path, count), at) if opening == "[" else self._pair(path, at)
                count += 1
                at = self._gap(at)
                if self._text[at] == ",":
                    at = self._gap(at + 1)
            at += 1
        else:
            found = _SCALAR.match(self._text, at)
            at = start + len(found[0].rstrip(" \t")) if found else start
        self._values[path] = (start, at)
        return at


def unquote(part: str) -> str:
    r"""Return the name that a part of a key writes.

    >>> unquote("a"), unquote("'a'"), unquote('"\\u0061"')
    ('a', 'a', 'a')
    """
    if part[0] == "'" or (part[0] == '"' and "\\" not in part):
        return part[1:-1]
    if part[0] == '"':
        (name,) = tomli.loads(f"{part} = 0")
        return name
    return part
