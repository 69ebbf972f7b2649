"""Formulas of the schedules that hold, jump, or decay without end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.report.formula.math.expression import call, number, over, plus, power, times
from lossspec.report.formula.schedules.pieces import Frame, Piece, Pieces, clamped, everywhere

if TYPE_CHECKING:
    from lossspec.schedules.families.constant import constant
    from lossspec.schedules.families.decay import exponential_decay, inverse_sqrt, inverse_time
    from lossspec.schedules.families.steps import multistep, piecewise_constant, step
    from lossspec.schedules.families.window import window


def of_constant(schedule: constant, _: Frame) -> Pieces:
    """Return the formula of ``constant``."""
    return everywhere(number(schedule.value))


def of_window(schedule: window, frame: Frame) -> Pieces:
    """Return the formula of ``window``."""
    end = math.inf if schedule.end is None else frame.at(schedule.end)
    after = [] if schedule.end is None else everywhere(number(0.0))
    return [Piece(frame.at(schedule.start), number(0.0)), Piece(end, number(schedule.value)), *after]


def of_step(schedule: step, frame: Frame) -> Pieces:
    """Return the formula of ``step``."""
    passed = call("floor", over(frame.since(0), schedule.period))
    return [
        Piece(frame.at(0), number(schedule.start_value)),
        Piece(math.inf, times(schedule.start_value, power(schedule.gamma, passed))),
    ]


def of_multistep(schedule: multistep, frame: Frame) -> Pieces:
    """Return the formula of ``multistep``."""
    ends = [*schedule.milestones, math.inf]
    return [
        Piece(frame.at(end), times(schedule.start_value, schedule.gamma**passed))
        for passed, end in enumerate(ends)
        if passed == 0 or end > ends[passed - 1]  # equal milestones make one piece
    ]


def of_piecewise_constant(schedule: piecewise_constant, frame: Frame) -> Pieces:
    """Return the formula of ``piecewise_constant``."""
    ends = [*map(frame.at, schedule.boundaries), math.inf]
    return [Piece(end, number(value)) for end, value in zip(ends, schedule.values, strict=True)]


def of_exponential_decay(schedule: exponential_decay, frame: Frame) -> Pieces:
    """Return the formula of ``exponential_decay``."""
    passed = over(frame.since(schedule.start), schedule.period)
    periods = call("floor", passed) if schedule.staircase else passed
    found = [
        Piece(frame.at(schedule.start), number(schedule.start_value)),
        Piece(math.inf, times(schedule.start_value, power(schedule.rate, periods))),
    ]
    falls = schedule.start_value > 0
    return clamped(found, schedule.floor if falls else None, None if falls else schedule.floor)


def of_inverse_time(schedule: inverse_time, frame: Frame) -> Pieces:
    """Return the formula of ``inverse_time``."""
    passed = over(frame.since(schedule.start), schedule.period)
    periods = call("floor", passed) if schedule.staircase else passed
    return [
        Piece(frame.at(schedule.start), number(schedule.start_value)),
        Piece(math.inf, over(schedule.start_value, plus(1, times(schedule.rate, periods)))),
    ]


def of_inverse_sqrt(schedule: inverse_sqrt, frame: Frame) -> Pieces:
    """Return the formula of ``inverse_sqrt``."""
    passed = over(frame.since(schedule.start), schedule.period)
    return [
        Piece(frame.at(schedule.start), number(schedule.start_value)),
        Piece(math.inf, over(schedule.start_value, call("sqrt", plus(1, passed)))),
    ]
