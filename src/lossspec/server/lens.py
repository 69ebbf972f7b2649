"""Code lenses: the range of the values of each schedule, with its parameters filled in."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from lsprotocol import types as lsp

from lossspec.faults import get
from lossspec.language.resolve.params import values
from lossspec.language.resolve.resolve import fill
from lossspec.schedules import ScheduleError, from_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault, KeyPath
    from lossspec.schedules import Schedule
    from lossspec.server.state.document import Document
    from lossspec.server.state.positions import Positions

#: Schedules of one document that get a lens.
_MOST = 500
#: Positions that are looked at between 0 and twice each number of a schedule.
_PARTS = 16


class Values(NamedTuple):
    """The least and the greatest value of a schedule, and the first."""

    least: float
    greatest: float
    first: float


def lenses(document: Document, positions: Positions) -> list[lsp.CodeLens]:
    """Return a lens for every schedule that the document writes and that is valid."""
    found = []
    for path in [*_written(document.table)][:_MOST]:
        place = document.tables.key(path)
        title = _title(document, path)
        if place is not None and title:
            found.append(lsp.CodeLens(positions.of_offsets(*place), lsp.Command(title, "")))
    return found


def _written(table: dict[str, object]) -> Iterator[KeyPath]:
    """Yield the path of each schedule of a document: of weights and of arguments."""
    variants = table.get("variants")
    overlays = variants.items() if isinstance(variants, dict) else ()
    prefixed = [((), table), *((("variants", name), each) for name, each in overlays)]
    for prefix, each in prefixed:
        for section in ("losses", "objectives"):
            entries = get(each, (section,))
            for name, entry in entries.items() if isinstance(entries, dict) else ():
                args = get(entry, ("args",))
                names = [("args", name) for name in args] if isinstance(args, dict) else []
                for rest in (("weight",), *names):
                    if isinstance(get(entry, rest), dict):
                        yield (*prefix, section, name, *rest)


def _title(document: Document, path: KeyPath) -> str:
    """Return the text of the lens of a schedule, or "" if it is not valid."""
    table, _ = document.scope(path)
    faults: list[Fault] = []
    filled = fill(get(document.table, path), values(table.get("params")), path, faults)
    if faults:
        return ""
    try:
        text = json.dumps(filled, sort_keys=True)
        found = value_range(text)
    except (ScheduleError, TypeError, ValueError, ArithmeticError):  # a value that is not valid yet
        return ""
    unit = cast("dict[str, object]", filled).get("unit", "epoch")
    what = "weight" if path[-1] == "weight" else str(path[-1])
    more = ", before the balance" if _is_balanced(table, path) else ""
    if found.least == found.greatest:
        return f"{what} {found.first:.6g}{more}"
    return f"{what} {found.least:.6g} to {found.greatest:.6g}, {found.first:.6g} at {unit} 0{more}"


def _is_balanced(table: dict[str, object], path: KeyPath) -> bool:
    """Return whether a path is that of the weight of a term that its objective balances."""
    *_, section, name, key = path
    if (section, key) != ("losses", "weight"):
        return False
    objective = get(table, ("losses", name, "objective"))
    balanced = get(
        table, ("objectives", objective if isinstance(objective, str) else "total", "balance", "losses")
    )
    return isinstance(balanced, list) and name in balanced


@lru_cache(maxsize=1024)
def value_range(table: str) -> Values:
    """Return the range of the values of a schedule, given as JSON.

    >>> value_range('{"type": "linear", "start": 0, "end": 9, "start_value": 1.0, "end_value": 3.0}')
    Values(least=1.0, greatest=3.0, first=1.0)

    Raises:
        ScheduleError: the table is not a valid schedule.
    """
    schedule = from_table(json.loads(table))
    found = [schedule(position) for position in _positions(schedule)]
    return Values(min(found), max(found), schedule(0.0))


def _positions(schedule: Schedule) -> list[float]:
    """Return the positions to look at: evenly spread over each number of the schedule, and over all."""
    if schedule.unit == "fraction":
        return [part / 256 for part in range(257)]
    numbers = sorted({number for number in _numbers(schedule.to_table()) if 0 < number < 1e9})[:32]
    found = {0.0, 1.0, *numbers}
    for number in (*numbers, sum(numbers)):
        found.update(2 * number * part / _PARTS for part in range(_PARTS + 1))
    return sorted(found)


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _numbers(each)
    elif isinstance(value, list):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
