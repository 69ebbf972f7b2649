r"""The tables, keys and values of a TOML text: where each is, and which of them are duplicates.

>>> from lossspec.language.text.reading import Reading
>>> tables = Reading("[losses.l1]\nweight = 2.0\n").tables
>>> tables.key(("losses", "l1", "weight")), tables.value(("losses", "l1", "weight"))
((12, 18), (21, 24))
>>> tables.value(("losses", "l1"))  # a table that a header opens: the header
(0, 11)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import define

from lossspec.faults import Fault, Range
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.faults import KeyPath

#: Where something starts and ends in the text; plain tuples, which the garbage collector skips.
Offsets = tuple[int, int]
#: The parts of a key, each with its place.
Parts = list[tuple[str, Offsets]]

_Kind = Literal["value", "header", "array", "dotted", "parent"]
_LABELS: dict[_Kind, str] = {
    "value": "first defined here",
    "header": "defined by this header",
    "array": "the array of tables starts here",
    "dotted": "defined by this dotted key",
    "parent": "defined by this header",
}


@define
class _Node:
    """What a key path is, and where it is defined, or else first written."""

    kind: _Kind
    place: Offsets


class Tables:
    """An index of the keys and values of a text by key path, built statement by statement.

    Args:
        add: takes the fault of each key or table that is defined twice.
    """

    def __init__(self, add: Callable[[Fault], None]) -> None:
        self._add = add
        self._nodes: dict[KeyPath, _Node] = {}
        self._lengths: dict[KeyPath, int] = {}  # of arrays of tables
        self._keys: dict[KeyPath, list[Offsets]] = {}  # the place that defines a key is the first
        self._values: dict[KeyPath, Offsets] = {}
        self._new_keys: list[tuple[KeyPath, Offsets]] = []  # of the statement that is being read
        self._new_values: list[tuple[KeyPath, Offsets]] = []

    def keys(self, path: KeyPath) -> list[Offsets]:
        """Return every place that writes the last key of a path: headers and dotted keys repeat it."""
        return self._keys.get(path, [])

    def key(self, path: KeyPath) -> Offsets | None:
        """Return where the last key of a path is defined, or else where it is first written."""
        places = self._keys.get(path)
        return places[0] if places else None

    def value(self, path: KeyPath) -> Offsets | None:
        """Return where a value is written; for a table, its header, or else its key."""
        return self._values.get(path) or self.key(path)

    def nearest(self, path: KeyPath, at: Literal["key", "value"] = "value") -> tuple[Offsets, bool]:
        """Return the place of a path, or of its closest parent that has one, and whether it is its own."""
        found = self.key(path) if at == "key" else self.value(path)
        if found is not None:
            return found, True
        while path:
            found = self.key(path) or self._values.get(path)
            if found is not None:
                return found, False
            path = path[:-1]
        return (0, 0), False

    def at(self, offset: int) -> tuple[KeyPath, Literal["key", "value"], Offsets] | None:
        """Return what is written at an offset: its path, whether it is the key or the value, and its place.

        >>> from lossspec.language.text.reading import Reading
        >>> Reading("a.weight = 2.5").tables.at(12)
        (('a', 'weight'), 'value', (11, 14))
        """
        written: list[tuple[KeyPath, Literal["key", "value"], Offsets]] = []
        for path, places in self._keys.items():
            written += ((path, "key", place) for place in places if place[0] <= offset <= place[1])
        for path, place in self._values.items():
            if place[0] <= offset <= place[1]:
                written.append((path, "value", place))
        return min(written, key=lambda each: each[2][1] - each[2][0], default=None)

    def header(self, parts: Parts, span: Offsets, *, array: bool) -> KeyPath | None:
        """Open a table, or the next one of an array; return its path, or None if it is a duplicate."""
        path: KeyPath = ()
        for name, place in parts[:-1]:
            path = self._last(self._written((*path, name), place))
            node = self._nodes.setdefault(path, _Node("parent", place))
            if node.kind == "value":
                self._refuse(f"`{dotted(path)}` already has a value: nothing can be added to it", place, node)
                return None
        name, place = parts[-1]
        path = self._written((*path, name), place)
        node = self._nodes.setdefault(path, _Node("array" if array else "header", place))
        self._new_values.append((path, span))
        if array and node.kind == "array":
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = self._last(path)
            self._nodes[path] = _Node("header", place)
            self._new_values.append((path, span))
        elif node.kind == "parent" and not array:
            node.kind, node.place = "header", place
        elif node.place != place:
            self._refuse(_reopened(path, node.kind, array=array), place, node, _advice(node.kind))
            return None
        return path

    def pair(self, base: KeyPath, parts: Parts) -> KeyPath | None:
        """Define a key of the table at ``base``; return its path, or None if it is a duplicate."""
        path = base
        for name, place in parts[:-1]:
            path = self._written((*path, name), place)
            node = self._nodes.setdefault(path, _Node("dotted", place))
            if node.kind == "value":
                self._refuse(f"`{dotted(path)}` already has a value: nothing can be added to it", place, node)
                return None
            if node.kind in {"header", "array"}:
                message = f"a dotted key cannot add to table `{dotted(path)}`, which a header defines"
                self._refuse(message, place, node, "put the key under that header")
                return None
        name, place = parts[-1]
        path = self._written((*path, name), place)
        node = self._nodes.setdefault(path, _Node("value", place))
        if node.place == place:
            return path
        key, where = dotted(path[len(base) :]), f" in `{dotted(base)}`" if base else ""
        if node.kind == "value":
            message = f"duplicate key `{key}`{where}"
        else:
            message = f"`{key}`{where} is already a table: it cannot have a value"
        self._refuse(message, place, node, "keep one of them")
        return None

    def add_value(self, path: KeyPath, span: Offsets) -> None:
        """Note the place of a value."""
        self._new_values.append((path, span))

    def begin(self) -> None:
        """Begin a statement, and forget the places of the one before unless they were kept."""
        self._new_keys, self._new_values = [], []

    def keep(self) -> None:
        """Keep the places of the statement: it is valid."""
        for path, place in self._new_keys:
            places = self._keys.setdefault(path, [])
            places.insert(0 if self._nodes[path].place == place else len(places), place)
        for path, span in self._new_values:
            self._values.setdefault(path, span)
        self.begin()

    def _written(self, path: KeyPath, place: Offsets) -> KeyPath:
        self._new_keys.append((path, place))
        return path

    def _last(self, path: KeyPath) -> KeyPath:
        """Return the path of the last table of an array of tables, the path itself of anything else."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _refuse(self, message: str, place: Offsets, node: _Node, help_: str = "") -> None:
        related = ((Range(*node.place), _LABELS[node.kind]),)
        self._add(Fault("duplicate-key", message, Range(*place), help=help_, related=related))


def _reopened(path: KeyPath, kind: _Kind, *, array: bool) -> str:
    name = f"`{dotted(path)}`"
    if kind == "value":
        return f"{name} already has a value: nothing can be added to it"
    if kind == "array":
        return f"{name} is an array of tables: open each of its tables with `[[{dotted(path)}]]`"
    if array:
        return f"{name} is already a table: it cannot be an array of tables"
    if kind == "dotted":
        return f"table {name} is already defined by dotted keys"
    return f"table {name} is defined twice"


def _advice(kind: _Kind) -> str:
    return "put the keys of both under one header" if kind in {"header", "dotted"} else ""
