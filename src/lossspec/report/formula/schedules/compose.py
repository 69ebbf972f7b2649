"""The formula of a schedule, with its numbers filled in.

>>> from lossspec import schedules
>>> decay = schedules.linear(start=100, end=200, start_value=100.0, end_value=0.0)
>>> [piece.end for piece in pieces_of(decay)]
[100.0, 200.0, inf]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lossspec.report.formula.math.expression import Opaque, over, plus, times
from lossspec.report.formula.schedules import ramps, steps, waves
from lossspec.report.formula.schedules.pieces import (
    Frame,
    Piece,
    Pieces,
    clamped,
    combined,
    cut,
    everywhere,
    merged,
)
from lossspec.report.formula.schedules.ramps import between

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.schedules import Schedule
    from lossspec.schedules.families.compose import join, product, warmup

RUN = Frame()


def pieces_of(schedule: Schedule, frame: Frame = RUN) -> Pieces:
    """Return the formula of a schedule, clamps included.

    Args:
        schedule: of any type. A registered one is written as a function of its fields.
        frame: the clock that it sees.
    """
    family = _FAMILIES.get(schedule.type_name)
    found = family(schedule, frame) if family is not None else _opaque(schedule, frame)
    return merged(clamped(found, schedule.minimum, schedule.maximum))


def of_warmup(schedule: warmup, frame: Frame) -> Pieces:
    """Return the formula of ``warmup``."""
    rise = between(schedule.start_value, schedule.then(0.0), over(frame.since(0), schedule.over))
    before = [Piece(frame.at(0), plus(schedule.start_value)), Piece(frame.at(schedule.over), rise)]
    then = pieces_of(schedule.then, Frame(frame.at(schedule.over)))
    return [*before, *cut(then, frame.at(schedule.over), math.inf)]


def of_join(schedule: join, frame: Frame) -> Pieces:
    """Return the formula of ``join``."""
    found: Pieces = []
    begins = [-math.inf, *map(frame.at, schedule.boundaries), math.inf]
    clocks = [0.0, *schedule.boundaries]
    for index, child in enumerate(schedule.schedules):
        pieces = pieces_of(child, Frame(frame.at(clocks[index])))
        found += cut(pieces, begins[index], begins[index + 1])
    return found


def of_product(schedule: product, frame: Frame) -> Pieces:
    """Return the formula of ``product``."""
    return combined([pieces_of(child, frame) for child in schedule.schedules], times)


def _opaque(schedule: Schedule, frame: Frame) -> Pieces:
    table = schedule.to_table()
    fields = tuple((name, value) for name, value in table.items() if name not in _NOT_ITS_OWN)
    return everywhere(Opaque(schedule.type_name, frame.since(0), fields, schedule))


_NOT_ITS_OWN = {"type", "unit", "minimum", "maximum"}
_FAMILIES: dict[str, Callable[[Any, Frame], Pieces]] = {
    name.removeprefix("of_"): function
    for module in (ramps, steps, waves)
    for name, function in vars(module).items()
    if name.startswith("of_")
} | {"warmup": of_warmup, "join": of_join, "product": of_product}
