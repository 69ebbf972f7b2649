"""Checks schedules: the unit, which only the outermost table has, and the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.validation.invalid import is_valid
from lossspec.wording import dotted, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved

Table = dict[str, object]
#: The fields of the built-in schedules that are positions or lengths.
POSITIONS = frozenset(
    {"start", "end", "boundaries", "milestones", "points", "midpoint"}
    | {"period", "up", "down", "over", "warmup", "stable", "decay"}
)
_UNITS = '`unit = "epoch"`, `unit = "step"` or `unit = "fraction"`'


def schedule_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield what is wrong with the schedules of weights and of live arguments."""
    for path, table in tables(spec):
        if "unit" not in table:
            message = f"key `unit` is missing in the schedule `{dotted(path)}`"
            yield Fault("missing-unit", message, path, "key", f"add {_UNITS}")
        yield from _inner_units(table, path)
        if is_valid(table):
            yield from _value_faults(table, path)
            if table.get("unit") == "fraction":
                yield from _past_the_run(table, path)


def _value_faults(table: Table, path: KeyPath) -> Iterator[Fault]:
    from lossspec import schedules  # most specs have none

    for fault in schedules.faults(_without_units(table)):
        message = f"in `{dotted(path)}`, {fault.message}"
        yield Fault(fault.code, message, (*path, *fault.path), help=fault.help)


def _past_the_run(table: Table, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault for the first position above 1, where most likely another unit is meant."""
    for place, position in _positions(table, path):
        if position > 1:
            yield Fault(
                "out-of-range",
                f"`{dotted(place)}` must be from 0 to 1 where the unit is `fraction`, got {quote(position)}",
                place,
                help='did you mean `unit = "epoch"`?',
                related=(((*path, "unit"), "the unit"),),
            )
            return


def _positions(value: object, path: KeyPath, *, is_one: bool = False) -> Iterator[tuple[KeyPath, float]]:
    """Yield the positions in a schedule and in those inside it, each with its path."""
    from lossspec import schedules  # most specs have none

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
            if isinstance(weight := entry.get("weight"), dict):
                yield (section, name, "weight"), weight
            for path, holder in (((), entry), (("balance",), entry.get("balance"))):
                args = holder.get("args") if isinstance(holder, dict) else None
                for key, value in args.items() if isinstance(args, dict) else ():
                    if isinstance(value, dict) and isinstance(value.get("type"), str):
                        yield (section, name, *path, "args", key), value


def _inner_units(value: object, path: KeyPath, *, inside: bool = False) -> Iterator[Fault]:
    if isinstance(value, dict):
        if inside and "unit" in value:
            message = f"`{dotted((*path, 'unit'))}` is not allowed: the outer schedule has the unit"
            yield Fault(
                "misplaced-unit",
                message,
                (*path, "unit"),
                "key",
                "remove it: only the outermost table has a `unit`",
            )
        for key, each in value.items():
            yield from _inner_units(each, (*path, key), inside=True)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _inner_units(each, (*path, index), inside=True)


def _without_units(table: Table) -> Table:
    return {key: value for key, value in table.items() if key != "unit"}
