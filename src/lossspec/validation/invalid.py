"""Marks invalid values of a document, so that each is reported once and later checks skip it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final, cast, final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.faults import Fault, KeyPath

Table = dict[str, object]


@final
class Invalid:
    """Stands for a value that a check has reported."""

    def __repr__(self) -> str:
        return "INVALID"

    def __deepcopy__(self, memo: object) -> Invalid:
        return self


INVALID: Final = Invalid()


def mark_invalid(document: Table, faults: Iterable[Fault]) -> Table:
    """Return a document with ``INVALID`` in the places of faults.

    A misspelt key becomes the key that was meant; an unknown key that is like no other is left out.
    """
    faults = tuple(faults)
    if not faults:
        return document
    marked = deepcopy(document)
    for fault in faults:
        if not fault.path:
            continue
        *path, last = fault.path
        parent = _at(marked, tuple(path))
        if fault.at == "key" and fault.code != "missing-key" and isinstance(parent, dict):
            if fault.code == "bad-name" and path[-1:] == ["losses"]:  # the loss is there all the same
                parent[last] = INVALID
                continue
            parent.pop(last, None)
            _put(parent, fault.replacement or fault.meant)
        elif isinstance(parent, list) or (isinstance(parent, dict) and last in parent):
            cast("dict[str | int, object]", parent)[last] = INVALID
    return marked


def is_valid(value: object) -> bool:
    """Return whether a value has no ``INVALID`` in it.

    >>> is_valid({"a": [1.0]}), is_valid({"a": [INVALID]})
    (True, False)
    """
    if isinstance(value, dict):
        return all(map(is_valid, value.values()))
    if isinstance(value, list):
        return all(map(is_valid, value))
    return value is not INVALID


def _put(table: Table, key: str) -> None:
    """Mark the place of a dotted key, unless it has a value."""
    first, _, rest = key.partition(".")
    if rest:
        inner = table.setdefault(first, {})
        if isinstance(inner, dict):
            _put(inner, rest)
    elif first:
        table.setdefault(first, INVALID)


def _at(table: object, path: KeyPath) -> object:
    for part in path:
        if isinstance(table, dict) and part in table:
            table = table[cast("str", part)]
        elif isinstance(table, list) and isinstance(part, int):
            table = table[part]
        else:
            return None
    return table
