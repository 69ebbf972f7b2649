"""Formulas of the schedules that hold, jump, or decay without end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.report.formula.math.expression import Expression, call, over, plus, power, times
from lossspec.report.formula.schedules.pieces import Formula, LocalClock, Pieces, clamped, everywhere

if TYPE_CHECKING:
    from lossspec.schedules.families.constant import constant
    from lossspec.schedules.families.decay import exponential_decay, inverse_sqrt, inverse_time
    from lossspec.schedules.families.steps import multistep, piecewise_constant, step
    from lossspec.schedules.families.window import window


def _constant(schedule: constant, _: LocalClock) -> Pieces:
    return everywhere(plus(schedule.value))


def _window(schedule: window, clock: LocalClock) -> Pieces:
    before = (schedule.start, 0.0)
    if schedule.end is None:
        return clock.pieces(before, (math.inf, schedule.value))
    return clock.pieces(before, (schedule.end, schedule.value), (math.inf, 0.0))


def _step(schedule: step, clock: LocalClock) -> Pieces:
    passed = call("floor", over(clock.since(0), schedule.period))
    value = times(schedule.start_value, power(schedule.gamma, passed))
    return clock.pieces((0, schedule.start_value), (math.inf, value))


def _multistep(schedule: multistep, clock: LocalClock) -> Pieces:
    ends = [*schedule.milestones, math.inf]
    return clock.pieces(
        *(
            (end, times(schedule.start_value, schedule.gamma**passed))
            for passed, end in enumerate(ends)
            if passed == 0 or end > ends[passed - 1]  # equal milestones make one piece
        )
    )


def _piecewise_constant(schedule: piecewise_constant, clock: LocalClock) -> Pieces:
    return clock.pieces(*zip([*schedule.boundaries, math.inf], schedule.values, strict=True))


def _exponential_decay(schedule: exponential_decay, clock: LocalClock) -> Pieces:
    value = times(schedule.start_value, power(schedule.rate, _periods(schedule, clock)))
    found = clock.pieces((schedule.start, schedule.start_value), (math.inf, value))
    falls = schedule.start_value > 0
    return clamped(found, schedule.floor if falls else None, None if falls else schedule.floor)


def _inverse_time(schedule: inverse_time, clock: LocalClock) -> Pieces:
    value = over(schedule.start_value, plus(1, times(schedule.rate, _periods(schedule, clock))))
    return clock.pieces((schedule.start, schedule.start_value), (math.inf, value))


def _inverse_sqrt(schedule: inverse_sqrt, clock: LocalClock) -> Pieces:
    passed = over(clock.since(schedule.start), schedule.period)
    value = over(schedule.start_value, call("sqrt", plus(1, passed)))
    return clock.pieces((schedule.start, schedule.start_value), (math.inf, value))


def _periods(schedule: exponential_decay | inverse_time, clock: LocalClock) -> Expression:
    passed = over(clock.since(schedule.start), schedule.period)
    return call("floor", passed) if schedule.staircase else passed


STEPS: dict[str, Formula] = {
    "constant": _constant,
    "window": _window,
    "step": _step,
    "multistep": _multistep,
    "piecewise_constant": _piecewise_constant,
    "exponential_decay": _exponential_decay,
    "inverse_time": _inverse_time,
    "inverse_sqrt": _inverse_sqrt,
}
