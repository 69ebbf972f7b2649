"""Formulas of the schedules that go from one value to another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lossspec.report.formula.math.expression import PI, Expression, call, minus, over, plus, power, times
from lossspec.report.formula.schedules.pieces import Formula, LocalClock, Pieces, everywhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.schedules.families.cosine import cosine
    from lossspec.schedules.families.exponential import exponential
    from lossspec.schedules.families.linear import linear, polynomial
    from lossspec.schedules.families.phases import one_cycle, warmup_stable_decay
    from lossspec.schedules.families.piecewise import piecewise
    from lossspec.schedules.families.sigmoid import logistic, rampup, tanh


def shaped(shape: str, part: Expression) -> Expression:
    """Return the way from 0 to 1 that a shape takes while ``part`` goes from 0 to 1."""
    match shape:
        case "cosine":
            return over(minus(1, call("cos", times(PI, part))), 2)
        case "sigmoid":
            bend = call("tanh", plus(times(6, part), -3))
            return over(plus(1, over(bend, call("tanh", 3))), 2)
        case "1-sqrt":
            return call("sqrt", part)
        case "exp":
            return over(minus(1, power(0.1, part)), 0.9)
        case _:
            return part


def between(first: float, last: float, way: Expression) -> Expression:
    """Return the expression from ``first`` to ``last`` as ``way`` goes from 0 to 1."""
    return plus(first, times(last - first, way))


def _polynomial(schedule: polynomial, part: Expression) -> Expression:
    return between(schedule.end_value, schedule.start_value, power(minus(1, part), schedule.power))


def _exponential(schedule: exponential, part: Expression) -> Expression:
    return times(schedule.start_value, power(over(schedule.end_value, schedule.start_value), part))


def _cosine(schedule: cosine, part: Expression) -> Expression:
    if schedule.exponent == 1 and abs(schedule.start_value) < abs(schedule.end_value):
        return between(schedule.start_value, schedule.end_value, shaped("cosine", part))
    wave = over(plus(1, call("cos", times(PI, part))), 2)
    return between(schedule.end_value, schedule.start_value, power(wave, schedule.exponent))


def _tanh(schedule: tanh, part: Expression) -> Expression:
    bend = call("tanh", plus(times(schedule.upper - schedule.lower, part), schedule.lower))
    return between(schedule.end_value, schedule.start_value, over(minus(1, bend), 2))


def _rampup(schedule: rampup, part: Expression) -> Expression:
    bell = call("exp", times(-5, power(minus(1, part), 2)))
    return between(schedule.start_value, schedule.end_value, bell)


#: The expressions between start and end, of the part of the way that is done.
_WAYS: dict[str, Callable[[Any, Expression], Expression]] = {
    "polynomial": _polynomial,
    "exponential": _exponential,
    "cosine": _cosine,
    "tanh": _tanh,
    "rampup": _rampup,
}


def _linear(schedule: linear, clock: LocalClock) -> Pieces:
    since, before = clock.since(schedule.start), (schedule.start, schedule.start_value)
    if schedule.end is None or schedule.end_value is None:
        line = plus(schedule.start_value, times(schedule.slope or 0.0, since))
        return clock.pieces(before, (math.inf, line))
    line = between(schedule.start_value, schedule.end_value, over(since, schedule.end - schedule.start))
    return clock.pieces(before, (schedule.end, line), (math.inf, schedule.end_value))


def _ramp(schedule: Any, clock: LocalClock) -> Pieces:
    part = over(clock.since(schedule.start), schedule.end - schedule.start)
    return clock.pieces(
        (schedule.start, schedule.start_value),
        (schedule.end, _WAYS[schedule.type_name](schedule, part)),
        (math.inf, schedule.end_value),
    )


def _logistic(schedule: logistic, clock: LocalClock) -> Pieces:
    tail = call("exp", times(-schedule.rate, clock.since(schedule.midpoint)))
    rise = over(schedule.end_value - schedule.start_value, plus(1, tail))
    return everywhere(plus(schedule.start_value, rise))


def _piecewise(schedule: piecewise, clock: LocalClock) -> Pieces:
    (start, value), *rest = schedule.points
    found = clock.pieces((start, value))
    for end, reached in rest:
        part = over(clock.since(start), end - start)
        found += clock.pieces((end, between(value, reached, shaped(schedule.shape, part))))
        start, value = end, reached
    return found + clock.pieces((math.inf, value))


def _one_cycle(schedule: one_cycle, clock: LocalClock) -> Pieces:
    middle = schedule.start + schedule.ratio * (schedule.end - schedule.start)
    up = shaped(schedule.shape, over(clock.since(schedule.start), middle - schedule.start))
    down = shaped(schedule.shape, over(clock.since(middle), schedule.end - middle))
    return clock.pieces(
        (schedule.start, schedule.start_value),
        (middle, between(schedule.start_value, schedule.peak_value, up)),
        (schedule.end, between(schedule.peak_value, schedule.end_value, down)),
        (math.inf, schedule.end_value),
    )


def _warmup_stable_decay(schedule: warmup_stable_decay, clock: LocalClock) -> Pieces:
    turn = schedule.warmup + schedule.stable
    down = shaped(schedule.shape, over(clock.since(turn), schedule.decay))
    found = clock.pieces((0, schedule.start_value))
    if schedule.warmup:
        up = over(clock.since(0), schedule.warmup)
        found += clock.pieces((schedule.warmup, between(schedule.start_value, schedule.peak_value, up)))
    if schedule.stable:
        found += clock.pieces((turn, schedule.peak_value))
    return found + clock.pieces(
        (turn + schedule.decay, between(schedule.peak_value, schedule.end_value, down)),
        (math.inf, schedule.end_value),
    )


RAMPS: dict[str, Formula] = {
    **dict.fromkeys(_WAYS, _ramp),
    "linear": _linear,
    "logistic": _logistic,
    "piecewise": _piecewise,
    "one_cycle": _one_cycle,
    "warmup_stable_decay": _warmup_stable_decay,
}
