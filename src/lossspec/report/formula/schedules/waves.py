"""Formulas of the periodic schedules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.report.formula.math.expression import (
    Expression,
    Local,
    Pi,
    call,
    number,
    over,
    plus,
    power,
    times,
)
from lossspec.report.formula.schedules.pieces import Frame, Piece, Pieces
from lossspec.report.formula.schedules.ramps import between, shaped

if TYPE_CHECKING:
    from lossspec.schedules.families.cyclical import cyclical
    from lossspec.schedules.families.restarts import cosine_restarts
    from lossspec.schedules.families.waves import sawtooth, triangular

#: The most cycles that are written one by one; more are written as a function of their number.
LISTED = 4


def of_triangular(schedule: triangular, frame: Frame) -> Pieces:
    """Return the formula of ``triangular``."""
    cycle = schedule.up + schedule.down
    passed = Local("u", call("mod", frame.since(0), cycle))
    tent = call("min", over(passed, schedule.up), over(plus(cycle, times(-1, passed)), schedule.down))
    swing: Expression = number(schedule.high - schedule.low)
    if schedule.amplitude_mult != 1:
        swing = times(swing, power(schedule.amplitude_mult, call("floor", over(frame.since(0), cycle))))
    return _from_zero(frame, schedule.low, plus(schedule.low, times(swing, tent)))


def of_sawtooth(schedule: sawtooth, frame: Frame) -> Pieces:
    """Return the formula of ``sawtooth``."""
    part = over(call("mod", frame.since(0), schedule.period), schedule.period)
    return _from_zero(frame, schedule.low, between(schedule.low, schedule.high, part))


def of_cyclical(schedule: cyclical, frame: Frame) -> Pieces:
    """Return the formula of ``cyclical``."""
    length = (schedule.end - schedule.start) / schedule.cycles
    part = Local("u", over(call("mod", frame.since(schedule.start), length), length * schedule.ratio))
    way = shaped(schedule.shape, call("min", 1, part))
    return [
        Piece(frame.at(schedule.start), number(schedule.start_value)),
        Piece(frame.at(schedule.end), between(schedule.start_value, schedule.end_value, way)),
        Piece(math.inf, number(schedule.end_value)),
    ]


def of_cosine_restarts(schedule: cosine_restarts, frame: Frame) -> Pieces:
    """Return the formula of ``cosine_restarts``."""
    found = [Piece(frame.at(0), number(schedule.start_value))]
    if schedule.cycles <= LISTED:
        begin = 0.0
        for cycle in range(schedule.cycles):
            length = schedule.period * schedule.period_mult**cycle
            part = over(frame.since(begin), length)
            peak = schedule.start_value * schedule.peak_mult**cycle
            begin += length
            found.append(Piece(frame.at(begin), _half_wave(number(peak), schedule.end_value, part)))
        return [*found, Piece(math.inf, number(schedule.end_value))]
    cycle_number, part, end = _counted(schedule, frame)
    many: Expression = number(schedule.start_value)
    if schedule.peak_mult != 1:
        many = times(many, power(schedule.peak_mult, cycle_number))
    return [
        *found,
        Piece(frame.at(end), _half_wave(many, schedule.end_value, part)),
        Piece(math.inf, number(schedule.end_value)),
    ]


def _counted(schedule: cosine_restarts, frame: Frame) -> tuple[Expression, Expression, float]:
    """Return the number of the cycle, the part of it that has passed, and the end of the last cycle."""
    period, mult, passed = schedule.period, schedule.period_mult, frame.since(0)
    if mult == 1:
        count = Local("n", call("floor", over(passed, period)))
        return count, over(call("mod", passed, period), period), period * schedule.cycles
    grown = plus(1, over(times(mult - 1, passed), period))
    count = Local("n", call("floor", over(call("log", grown), call("log", mult))))
    # Cycle n begins at period (mult^n - 1) / (mult - 1) and lasts period mult^n.
    begun = over(times(period, plus(power(mult, count), -1)), mult - 1)
    part = over(plus(passed, times(-1, begun)), times(period, power(mult, count)))
    end = period * (mult**schedule.cycles - 1) / (mult - 1)
    return count, Local("u", part), end


def _half_wave(peak: Expression, last: float, part: Expression) -> Expression:
    wave = over(plus(1, call("cos", times(Pi(), part))), 2)
    return plus(last, times(plus(peak, -last), wave))


def _from_zero(frame: Frame, low: float, expression: Expression) -> Pieces:
    return [Piece(frame.at(0), number(low)), Piece(math.inf, expression)]
