"""Formulas of the periodic schedules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.report.formula.math.expression import (
    PI,
    Expression,
    Local,
    Operand,
    call,
    minus,
    over,
    plus,
    power,
    times,
)
from lossspec.report.formula.schedules.ramps import between, shaped

if TYPE_CHECKING:
    from lossspec.report.formula.schedules.pieces import Formula, LocalClock, Pieces
    from lossspec.schedules.families.cyclical import cyclical
    from lossspec.schedules.families.restarts import cosine_restarts
    from lossspec.schedules.families.waves import sawtooth, triangular

#: The most cycles that are written one by one; more are written as a function of their number.
LISTED = 4


def _triangular(schedule: triangular, clock: LocalClock) -> Pieces:
    cycle = schedule.up + schedule.down
    passed = Local("u", call("mod", clock.since(0), cycle))
    tent = call("min", over(passed, schedule.up), over(minus(cycle, passed), schedule.down))
    swing: Operand = schedule.high - schedule.low
    if schedule.amplitude_mult != 1:
        swing = times(swing, power(schedule.amplitude_mult, call("floor", over(clock.since(0), cycle))))
    return clock.pieces((0, schedule.low), (math.inf, plus(schedule.low, times(swing, tent))))


def _sawtooth(schedule: sawtooth, clock: LocalClock) -> Pieces:
    part = over(call("mod", clock.since(0), schedule.period), schedule.period)
    return clock.pieces((0, schedule.low), (math.inf, between(schedule.low, schedule.high, part)))


def _cyclical(schedule: cyclical, clock: LocalClock) -> Pieces:
    length = (schedule.end - schedule.start) / schedule.cycles
    part = Local("u", over(call("mod", clock.since(schedule.start), length), length * schedule.ratio))
    way = shaped(schedule.shape, call("min", 1, part))
    return clock.pieces(
        (schedule.start, schedule.start_value),
        (schedule.end, between(schedule.start_value, schedule.end_value, way)),
        (math.inf, schedule.end_value),
    )


def _cosine_restarts(schedule: cosine_restarts, clock: LocalClock) -> Pieces:
    found = clock.pieces((0, schedule.start_value))
    last = [] if schedule.cycles is None else clock.pieces((math.inf, schedule.end_value))
    if schedule.cycles is not None and schedule.cycles <= LISTED:
        begin = 0.0
        for cycle in range(schedule.cycles):
            length = schedule.period * schedule.period_mult**cycle
            part = over(clock.since(begin), length)
            peak = schedule.start_value * schedule.peak_mult**cycle
            begin += length
            found += clock.pieces((begin, _half_wave(peak, schedule.end_value, part)))
        return found + last
    cycle_number, part = _counted(schedule, clock)
    many: Operand = schedule.start_value
    if schedule.peak_mult != 1:
        many = times(many, power(schedule.peak_mult, cycle_number))
    return found + clock.pieces((schedule.end, _half_wave(many, schedule.end_value, part))) + last


def _counted(schedule: cosine_restarts, clock: LocalClock) -> tuple[Expression, Expression]:
    """Return the number of the cycle, and the part of it that has passed."""
    period, mult, passed = schedule.period, schedule.period_mult, clock.since(0)
    if mult == 1:
        count = Local("n", call("floor", over(passed, period)))
        return count, over(call("mod", passed, period), period)
    grown = plus(1, over(times(mult - 1, passed), period))
    count = Local("n", call("floor", over(call("log", grown), call("log", mult))))
    # Cycle n begins at period (mult^n - 1) / (mult - 1) and lasts period mult^n.
    begun = over(times(period, plus(power(mult, count), -1)), mult - 1)
    part = over(minus(passed, begun), times(period, power(mult, count)))
    return count, Local("u", part)


def _half_wave(peak: Operand, last: float, part: Expression) -> Expression:
    wave = over(plus(1, call("cos", times(PI, part))), 2)
    return plus(last, times(plus(peak, -last), wave))


WAVES: dict[str, Formula] = {
    "triangular": _triangular,
    "sawtooth": _sawtooth,
    "cyclical": _cyclical,
    "cosine_restarts": _cosine_restarts,
}
