"""The mark that stands for a value already reported: what depends on it stays silent."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final, cast, final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.faults import Fault, KeyPath

Table = dict[str, object]


@final
class Faulty:
    """A value that one check found fault with. Later checks see it is there, and ask no more of it."""

    def __repr__(self) -> str:
        return "FAULTY"

    def __deepcopy__(self, memo: object) -> Faulty:
        return self


FAULTY: Final = Faulty()


def without_faulty(document: Table, faults: Iterable[Fault]) -> Table:
    """Return a document with ``FAULTY`` where faults are, so that the next check can go on.

    A misspelt key counts as the one that it was meant to be; a key that nothing is like is left out.
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
                parent[last] = FAULTY
                continue
            parent.pop(last, None)
            _put(parent, fault.replacement or fault.meant)
        elif isinstance(parent, list) or (isinstance(parent, dict) and last in parent):
            cast("dict[str | int, object]", parent)[last] = FAULTY
    return marked


def is_sound(value: object) -> bool:
    """Say whether there is no ``FAULTY`` in a value.

    >>> is_sound({"a": [1.0]}), is_sound({"a": [FAULTY]})
    (True, False)
    """
    if isinstance(value, dict):
        return all(map(is_sound, value.values()))
    if isinstance(value, list):
        return all(map(is_sound, value))
    return value is not FAULTY


def _put(table: Table, key: str) -> None:
    """Put the mark where a dotted key leads, unless something is there."""
    first, _, rest = key.partition(".")
    if rest:
        inner = table.setdefault(first, {})
        if isinstance(inner, dict):
            _put(inner, rest)
    elif first:
        table.setdefault(first, FAULTY)


def _at(table: object, path: KeyPath) -> object:
    for part in path:
        if isinstance(table, dict) and part in table:
            table = table[cast("str", part)]
        elif isinstance(table, list) and isinstance(part, int):
            table = table[part]
        else:
            return None
    return table
