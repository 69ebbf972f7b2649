"""The formula of a schedule, with its numbers filled in.

>>> from lossspec import schedules
>>> decay = schedules.linear(start=100, end=200, start_value=100.0, end_value=0.0)
>>> [piece.end for piece in pieces_of(decay)]
[100.0, 200.0, inf]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.report.formula.math.expression import Opaque, over, times
from lossspec.report.formula.schedules.pieces import (
    Formula,
    LocalClock,
    Pieces,
    clamped,
    combined,
    cut,
    everywhere,
    merged,
)
from lossspec.report.formula.schedules.ramps import RAMPS, between
from lossspec.report.formula.schedules.steps import STEPS
from lossspec.report.formula.schedules.waves import WAVES

if TYPE_CHECKING:
    from lossspec.schedules import Schedule
    from lossspec.schedules.families.compose import join, product, warmup

RUN = LocalClock()
#: The most pieces of a formula.
MOST = 200


def pieces_of(schedule: Schedule, clock: LocalClock = RUN) -> Pieces:
    """Return the formula of a schedule, clamps included.

    Args:
        schedule: of any type. A registered one is written as a function of its fields.
        clock: the clock that it sees.

    One of more than ``MOST`` pieces is written as a function without its fields: nobody would read it.
    """
    formula = _FORMULAS.get(schedule.type_name, _opaque)
    if _size(schedule) > MOST:
        formula = _elided
    return merged(clamped(formula(schedule, clock), schedule.minimum, schedule.maximum))


def _size(schedule: Schedule) -> int:
    """Return about how many pieces a formula has, at least one for each schedule inside."""
    inside = [getattr(schedule, name, ()) for name in ("points", "boundaries", "milestones")]
    children = [*getattr(schedule, "schedules", ()), *filter(None, [getattr(schedule, "then", None)])]
    return 1 + sum(map(len, inside)) + sum(map(_size, children))


def _elided(schedule: Schedule, clock: LocalClock) -> Pieces:
    return everywhere(Opaque(schedule.type_name, clock.since(0), (), schedule))


def _warmup(schedule: warmup, clock: LocalClock) -> Pieces:
    rise = between(schedule.start_value, schedule.then(0.0), over(clock.since(0), schedule.over))
    end = clock.at(schedule.over)
    before = clock.pieces((0, schedule.start_value), (schedule.over, rise))
    return before + cut(pieces_of(schedule.then, LocalClock(end)), end, math.inf)


def _join(schedule: join, clock: LocalClock) -> Pieces:
    found: Pieces = []
    begins = [-math.inf, *map(clock.at, schedule.boundaries), math.inf]
    clocks = [0.0, *schedule.boundaries]
    for index, child in enumerate(schedule.schedules):
        pieces = pieces_of(child, LocalClock(clock.at(clocks[index])))
        found += cut(pieces, begins[index], begins[index + 1])
    return found


def _product(schedule: product, clock: LocalClock) -> Pieces:
    return combined([pieces_of(child, clock) for child in schedule.schedules], times)


def _opaque(schedule: Schedule, clock: LocalClock) -> Pieces:
    shared = ("type", "unit", "minimum", "maximum")
    fields = tuple((name, value) for name, value in schedule.to_table().items() if name not in shared)
    return everywhere(Opaque(schedule.type_name, clock.since(0), fields, schedule))


_FORMULAS: dict[str, Formula] = {
    **RAMPS,
    **STEPS,
    **WAVES,
    "warmup": _warmup,
    "join": _join,
    "product": _product,
}
