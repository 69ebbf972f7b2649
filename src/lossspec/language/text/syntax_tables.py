"""What a TOML text has defined so far: finds keys given twice and tables built in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import define

from lossspec.faults import Fault, Range
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.faults import KeyPath
    from lossspec.language.text.positions import Offsets

_Kind = Literal["value", "header", "array", "dotted", "parent"]
_GIVEN: dict[_Kind, str] = {
    "value": "first given here",
    "header": "opened by this header",
    "array": "an array of tables begins here",
    "dotted": "built by this dotted key",
    "parent": "built by this header",
}


@define
class _Node:
    kind: _Kind
    place: Offsets


class Definitions:
    """The keys and tables of a text, as they are defined one after the other."""

    def __init__(self) -> None:
        self._nodes: dict[KeyPath, _Node] = {}
        self._lengths: dict[KeyPath, int] = {}

    def header(
        self, parts: Sequence[tuple[str, Offsets]], *, array: bool
    ) -> tuple[KeyPath | None, Fault | None]:
        """Open a table; return its path, or None and what is wrong."""
        path: KeyPath = ()
        for name, place in parts[:-1]:
            path = self._last((*path, name))
            node = self._nodes.setdefault(path, _Node("parent", place))
            if node.kind == "value":
                return None, _fault(f"`{dotted(path)}` has a value: nothing can be added to it", place, node)
        name, place = parts[-1]
        path += (name,)
        kind: _Kind = "array" if array else "header"
        node = self._nodes.setdefault(path, _Node(kind, place))
        first = node.place == place
        if array and node.kind == "array":
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = self._last(path)
            self._nodes[path] = _Node("header", place)
            return path, None
        if first:
            return path, None
        if node.kind == "parent" and not array:
            node.kind, node.place = "header", place
            return path, None
        return None, _fault(_reopened(path, node.kind, array=array), place, node, _mend(node.kind))

    def pair(
        self, base: KeyPath, parts: Sequence[tuple[str, Offsets]]
    ) -> tuple[KeyPath | None, Fault | None]:
        """Give a key of the table at ``base`` a value; return its path, or None and what is wrong."""
        path = base
        for name, place in parts[:-1]:
            path += (name,)
            node = self._nodes.setdefault(path, _Node("dotted", place))
            if node.kind == "value":
                return None, _fault(f"`{dotted(path)}` has a value: nothing can be added to it", place, node)
            if node.kind in {"header", "array"}:
                message = f"a dotted key can't add to the table `{dotted(path)}`, which a header opens"
                return None, _fault(message, place, node, "put the key under that header")
        name, place = parts[-1]
        path += (name,)
        node = self._nodes.setdefault(path, _Node("value", place))
        if node.place == place:
            return path, None
        where = f" in `{dotted(base)}`" if base else ""
        if node.kind == "value":
            message = f"key `{dotted(path[len(base) :])}` is given twice{where}"
            return None, _fault(message, place, node, "keep one of them")
        message = f"key `{dotted(path[len(base) :])}` is given a value{where}, but it is a table already"
        return None, _fault(message, place, node, "keep one of them")

    def _last(self, path: KeyPath) -> KeyPath:
        return (*path, self._lengths[path] - 1) if path in self._lengths else path


def _reopened(path: KeyPath, kind: _Kind, *, array: bool) -> str:
    name = f"`{dotted(path)}`"
    if kind == "value":
        return f"{name} has a value: nothing can be added to it"
    if kind == "array":
        return f"{name} is an array of tables: each of its tables is headed `[[{dotted(path)}]]`"
    if array:
        return f"{name} is a table already, and no array of tables"
    if kind == "dotted":
        return f"table {name} is opened, but dotted keys have built it"
    return f"table {name} is opened twice"


def _mend(kind: _Kind) -> str:
    return "put the keys of both under one header" if kind in {"header", "dotted"} else ""


def _fault(message: str, place: Offsets, node: _Node, help_: str = "") -> Fault:
    return Fault(
        "duplicate-key",
        message,
        Range(*place),
        help=help_,
        related=((Range(*node.place), _GIVEN[node.kind]),),
    )
