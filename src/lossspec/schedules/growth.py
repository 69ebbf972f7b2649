"""Limits for values that are multiplied again and again, and the tolerance at period boundaries.

>>> 0.7 / 0.1 < 7, (0.7 / 0.1 + NEARLY) // 1.0
(True, 7.0)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.schedules.base import Schedule, invalid_position
from lossspec.schedules.error import ScheduleError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

#: Tolerance for rounding at the end of a period, as a fraction of it.
NEARLY = 1e-9
#: The fraction of a period from which on the next one has begun.
FULL = 1.0 - NEARLY


def rate_of(rate: float, value: float) -> float:
    """Return the growth rate of a value; 1 for a value of 0, where ``0 * rate**exponent`` might overflow."""
    return rate if value else 1.0


def growth_limit(value: float, rate: float) -> float:
    """Return the exponent up to which ``value * rate ** exponent`` stays far below the largest float.

    >>> growth_limit(1.0, 10.0), growth_limit(1.0, 0.5)
    (300.0, inf)
    """
    if rate <= 1 or value == 0:
        return math.inf
    return math.log10(1e300 / max(abs(value), 1.0)) / math.log10(rate)


def outgrown(schedule: Schedule, value: float) -> Callable[[float], float]:
    """Return the function for a curve that grows from ``value`` past its limit: its clamp, or an error.

    A curve calls it with every t that it has no value for, an invalid position included.
    """
    clamp = schedule.maximum if value > 0 else schedule.minimum
    name = "maximum" if value > 0 else "minimum"

    def outgrown(t: float) -> float:
        if not math.isfinite(t):
            raise invalid_position(t)
        if clamp is None:
            message = f"the value at t = {shown(t)} is beyond 1e300"
            raise ScheduleError([Fault("out-of-range", message, (), help=f"add a `{name}`")])
        return clamp

    return outgrown
