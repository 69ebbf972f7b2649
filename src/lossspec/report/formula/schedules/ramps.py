"""Formulas of the schedules that go from one value to another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.report.formula.math.expression import Expression, Pi, call, number, over, plus, power, times
from lossspec.report.formula.schedules.pieces import Frame, Piece, Pieces, everywhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.schedules.families.cosine import cosine
    from lossspec.schedules.families.exponential import exponential
    from lossspec.schedules.families.linear import linear, polynomial
    from lossspec.schedules.families.phases import one_cycle, warmup_stable_decay
    from lossspec.schedules.families.piecewise import piecewise
    from lossspec.schedules.families.sigmoid import logistic, rampup, tanh
    from lossspec.schedules.interval import Interval


def shaped(shape: str, part: Expression) -> Expression:
    """Return the way from 0 to 1 that a shape takes while ``part`` goes from 0 to 1."""
    match shape:
        case "cosine":
            return over(plus(1, times(-1, call("cos", times(Pi(), part)))), 2)
        case "sigmoid":
            bend = call("tanh", plus(times(6, part), -3))
            return over(plus(1, over(bend, call("tanh", 3))), 2)
        case "sqrt":
            return call("sqrt", part)
        case _:
            return part


def between(first: float, last: float, way: Expression) -> Expression:
    """Return the expression from ``first`` to ``last`` as ``way`` goes from 0 to 1."""
    return plus(first, times(last - first, way))


def of_linear(schedule: linear, frame: Frame) -> Pieces:
    """Return the formula of ``linear``."""
    return _ramp(schedule, frame, lambda part: between(schedule.start_value, schedule.end_value, part))


def of_polynomial(schedule: polynomial, frame: Frame) -> Pieces:
    """Return the formula of ``polynomial``."""

    def way(part: Expression) -> Expression:
        left = power(plus(1, times(-1, part)), schedule.power)
        return between(schedule.end_value, schedule.start_value, left)

    return _ramp(schedule, frame, way)


def of_exponential(schedule: exponential, frame: Frame) -> Pieces:
    """Return the formula of ``exponential``."""
    ratio = over(schedule.end_value, schedule.start_value)
    return _ramp(schedule, frame, lambda part: times(schedule.start_value, power(ratio, part)))


def of_cosine(schedule: cosine, frame: Frame) -> Pieces:
    """Return the formula of ``cosine``."""

    def way(part: Expression) -> Expression:
        if schedule.exponent == 1 and abs(schedule.start_value) < abs(schedule.end_value):
            return between(schedule.start_value, schedule.end_value, shaped("cosine", part))
        wave = over(plus(1, call("cos", times(Pi(), part))), 2)
        return between(schedule.end_value, schedule.start_value, power(wave, schedule.exponent))

    return _ramp(schedule, frame, way)


def of_tanh(schedule: tanh, frame: Frame) -> Pieces:
    """Return the formula of ``tanh``."""

    def way(part: Expression) -> Expression:
        bend = call("tanh", plus(times(schedule.upper - schedule.lower, part), schedule.lower))
        return between(schedule.end_value, schedule.start_value, over(plus(1, times(-1, bend)), 2))

    return _ramp(schedule, frame, way)


def of_rampup(schedule: rampup, frame: Frame) -> Pieces:
    """Return the formula of ``rampup``."""

    def way(part: Expression) -> Expression:
        bell = call("exp", times(-5, power(plus(1, times(-1, part)), 2)))
        return between(schedule.start_value, schedule.end_value, bell)

    return _ramp(schedule, frame, way)


def of_logistic(schedule: logistic, frame: Frame) -> Pieces:
    """Return the formula of ``logistic``."""
    tail = call("exp", times(-schedule.rate, frame.since(schedule.midpoint)))
    rise = over(schedule.end_value - schedule.start_value, plus(1, tail))
    return everywhere(plus(schedule.start_value, rise))


def of_piecewise(schedule: piecewise, frame: Frame) -> Pieces:
    """Return the formula of ``piecewise``."""
    (start, value), *rest = schedule.points
    found = [Piece(frame.at(start), number(value))]
    for end, reached in rest:
        part = over(frame.since(start), end - start)
        found.append(Piece(frame.at(end), between(value, reached, shaped(schedule.shape, part))))
        start, value = end, reached
    return [*found, Piece(math.inf, number(value))]


def of_one_cycle(schedule: one_cycle, frame: Frame) -> Pieces:
    """Return the formula of ``one_cycle``."""
    middle = schedule.start + schedule.ratio * (schedule.end - schedule.start)
    up = shaped(schedule.shape, over(frame.since(schedule.start), middle - schedule.start))
    down = shaped(schedule.shape, over(frame.since(middle), schedule.end - middle))
    return [
        Piece(frame.at(schedule.start), number(schedule.start_value)),
        Piece(frame.at(middle), between(schedule.start_value, schedule.peak_value, up)),
        Piece(frame.at(schedule.end), between(schedule.peak_value, schedule.end_value, down)),
        Piece(math.inf, number(schedule.end_value)),
    ]


def of_warmup_stable_decay(schedule: warmup_stable_decay, frame: Frame) -> Pieces:
    """Return the formula of ``warmup_stable_decay``."""
    turn = schedule.warmup + schedule.stable
    down = shaped(schedule.shape, over(frame.since(turn), schedule.decay))
    found = [Piece(frame.at(0), number(schedule.start_value))]
    if schedule.warmup:
        up = over(frame.since(0), schedule.warmup)
        found.append(Piece(frame.at(schedule.warmup), between(schedule.start_value, schedule.peak_value, up)))
    if schedule.stable:
        found.append(Piece(frame.at(turn), number(schedule.peak_value)))
    return [
        *found,
        Piece(frame.at(turn + schedule.decay), between(schedule.peak_value, schedule.end_value, down)),
        Piece(math.inf, number(schedule.end_value)),
    ]


def _ramp(schedule: Interval, frame: Frame, way: Callable[[Expression], Expression]) -> Pieces:
    part = over(frame.since(schedule.start), schedule.end - schedule.start)
    return [
        Piece(frame.at(schedule.start), number(schedule.start_value)),
        Piece(frame.at(schedule.end), way(part)),
        Piece(math.inf, number(schedule.end_value)),
    ]
