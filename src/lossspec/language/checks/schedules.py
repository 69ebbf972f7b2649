"""Checks schedules: a unit on the outermost table and none inside, and values that make a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.validation.reported import is_sound
from lossspec.wording import dotted, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved

Table = dict[str, object]
#: The fields of the built-in schedules that say where something is, or how long it takes.
POSITIONS = frozenset(
    {"start", "end", "boundaries", "milestones", "points", "midpoint"}
    | {"period", "up", "down", "over", "warmup", "stable", "decay"}
)
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
            if table.get("unit") == "fraction":
                yield from _past_the_run(table, path)


def _value_faults(table: Table, path: KeyPath) -> Iterator[Fault]:
    from lossspec import schedules  # a spec without schedules does not pay

    for fault in schedules.faults(_without_units(table)):
        message = f"in `{dotted(path)}`, {fault.message}"
        yield Fault(fault.code, message, (*path, *fault.path), help=fault.help)


def _past_the_run(table: Table, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault for the first position that no fraction of a run reaches: the unit is meant otherwise."""
    for place, position in _positions(table, path):
        if position > 1:
            yield Fault(
                "out-of-range",
                f"`{dotted(place)}` is {quote(position)}: positions of `fraction` are 0 to 1",
                place,
                help='did you mean `unit = "epoch"`?',
                related=(((*path, "unit"), "this is the unit"),),
            )
            return


def _positions(value: object, path: KeyPath, *, is_one: bool = False) -> Iterator[tuple[KeyPath, float]]:
    """Yield the positions in a schedule and in those inside it, each with its path."""
    from lossspec import schedules  # a spec without schedules does not pay

    if isinstance(value, dict):
        is_ours = value.get("type") in schedules.TYPES  # a `start` of a registered one may be anything
        for key, each in value.items():
            yield from _positions(each, (*path, key), is_one=is_ours and key in POSITIONS)
    elif isinstance(value, list):
        is_point = isinstance(path[-1], int)  # a position and the value there
        for index, each in enumerate(value[:1] if is_point else value):
            yield from _positions(each, (*path, index), is_one=is_one)
    elif is_one and isinstance(value, int | float):
        yield path, value


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
