"""Checks schedules: a unit on the outermost table and none inside, and values that make a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.spec.diagnostics import Fault
from lossspec.spec.faulty import is_sound
from lossspec.spec.words import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.spec.diagnostics import KeyPath
    from lossspec.spec.resolve import Resolved

Table = dict[str, object]
_UNITS = '`unit = "epoch"`, `"step"` or `"fraction"`'


def schedule_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield what is wrong with the schedules of weights and of live arguments."""
    for path, table in tables(spec):
        if "unit" not in table:
            message = f"the schedule `{dotted(path)}` has no `unit`"
            yield Fault("missing-unit", message, path, "key", f"say what its positions count: {_UNITS}")
        yield from _inner_units(table, path)
        if is_sound(table):
            yield from _value_faults(table, path)


def _value_faults(table: Table, path: KeyPath) -> Iterator[Fault]:
    from lossspec import schedules  # noqa: PLC0415 - a spec without schedules does not pay

    for fault in schedules.faults(_without_units(table)):
        message = f"in `{dotted(path)}`, {fault.message}"
        yield Fault(fault.code, message, (*path, *fault.path), help=fault.help)


def tables(spec: Resolved) -> Iterator[tuple[KeyPath, Table]]:
    """Yield the outermost schedule tables of a spec, each with its path."""
    for section in ("losses", "objectives"):
        for name, entry in spec.section(section).items():
            if isinstance(entry.get("weight"), dict):
                yield (section, name, "weight"), entry["weight"]  # type: ignore[misc]
            yield from _arguments(entry, (section, name))
            balance = entry.get("balance")
            if isinstance(balance, dict):
                yield from _arguments(balance, (section, name, "balance"))


def _arguments(entry: Table, path: KeyPath) -> Iterator[tuple[KeyPath, Table]]:
    args = entry.get("args")
    for key, value in args.items() if isinstance(args, dict) else ():
        if isinstance(value, dict) and isinstance(value.get("type"), str):
            yield (*path, "args", key), value


def _inner_units(value: object, path: KeyPath, *, inside: bool = False) -> Iterator[Fault]:
    if isinstance(value, dict):
        if inside and "unit" in value:
            message = f"`{dotted((*path, 'unit'))}` is inside another schedule, which has the unit"
            yield Fault("misplaced-unit", message, (*path, "unit"), "key", "only the outermost table has one")
        for key, each in value.items():
            yield from _inner_units(each, (*path, key), inside=True)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _inner_units(each, (*path, index), inside=True)


def _without_units(table: Table) -> Table:
    return {key: value for key, value in table.items() if key != "unit"}
