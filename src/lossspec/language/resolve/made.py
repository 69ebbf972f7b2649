"""Checks against the schema what merging and filling made: the entries that no document has as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve

from lossspec.faults import get
from lossspec.language.schema.committed import validator

if TYPE_CHECKING:
    from lossspec.faults import Fault
    from lossspec.language.resolve.layers import Stack

Table = dict[str, object]
#: Every float without a fraction up to here is one whole number.
_LARGEST = 2**53


def made_faults(table: Table, stack: Stack, known: Table) -> list[Fault]:
    """Return the faults of the losses and objectives of a filled document that no document has as they are.

    Where a whole number is due, the floats without a fraction that expressions gave become whole.

    Args:
        table: the document; its losses and objectives are changed in place.
        stack: what it was made of.
        known: another document of the same spec; entries that are equal there are not checked again.
    """
    faults: list[Fault] = []
    for name, definition in (("losses", "loss"), ("objectives", "objective")):
        written = {id(entry) for layer in stack.layers for entry in _entries(layer.table, name).values()}
        alike, entries = _entries(known, name), _entries(table, name)
        for key, entry in entries.items():
            if id(entry) in written:
                continue
            if key in alike and alike[key] == entry:
                entries[key] = alike[key]  # 8.0 may be whole there
                continue
            path = (name, key)
            found = validator().faults(entry, definition, path)
            if _make_whole(table, stack.table, found):
                found = validator().faults(entry, definition, path)
            faults += (_of_expression(each, stack.table) for each in found)
    return faults


def _of_expression(fault: Fault, written: Table) -> Fault:
    """Return a fault without the advice that would only fit the value in place of its expression."""
    text = get(written, fault.path)
    if not isinstance(text, str) or "${" not in text:
        return fault
    return evolve(fault, help="" if fault.code == "wrong-type" else fault.help, replacement=None)


def _make_whole(table: Table, written: Table, faults: list[Fault]) -> bool:
    """Make whole numbers of floats that are whole: ``/`` gives a float, and steps may be ``"${n / 2}"``.

    Returns:
        Whether there were any.
    """
    is_any = False
    for fault in faults:
        value = get(table, fault.path)
        if fault.code != "wrong-type" or not isinstance(value, float):
            continue
        is_filled = isinstance(get(written, fault.path), str)
        if is_filled and value.is_integer() and abs(value) <= _LARGEST:
            *parents, last = fault.path
            holder = cast("dict[str | int, object]", get(table, tuple(parents)))
            holder[last] = int(value)  # filling made this table: the documents keep theirs
            is_any = True
    return is_any


def _entries(table: Table, name: str) -> Table:
    section = table.get(name)
    return section if isinstance(section, dict) else {}
