"""Where a value that is multiplied again and again leaves the numbers, and what happens there.

>>> 0.7 / 0.1 < 7, (0.7 / 0.1 + NEARLY) // 1.0
(True, 7.0)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.schedules.base import Schedule, bad_position
from lossspec.schedules.fault import ScheduleError, ScheduleFault, shown

if TYPE_CHECKING:
    from collections.abc import Callable

#: The part of a period that is forgiven at a boundary.
NEARLY = 1e-9
#: The part of a period from which on the next one has begun.
FULL = 1.0 - NEARLY


def rate_of(rate: float, value: float) -> float:
    """Return the rate at which a value grows: 0 stays 0, where ``0 * rate ** exponent`` might overflow."""
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
    """Return what a curve growing from ``value`` gives past its limit: its clamp, or an error.

    The curve hands it every t that it has no value for, so it refuses what is no position, too.
    """
    clamp = schedule.maximum if value > 0 else schedule.minimum
    name = "maximum" if value > 0 else "minimum"

    def outgrown(t: float) -> float:
        if not math.isfinite(t):
            raise bad_position(t)
        if clamp is None:
            message = f"the value at t = {shown(t)} is beyond 1e300"
            raise ScheduleError([ScheduleFault((), message, f"give it a `{name}`", "out-of-range")])
        return clamp

    return outgrown
