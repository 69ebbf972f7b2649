"""Schedules as the manager uses them: anything that gives a number for a place on the clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING

from lossspec import schedules
from lossspec.errors import LossResultError, RegistrationError

if TYPE_CHECKING:
    from lossspec.schedules.base import Unit

Curve = Callable[[float], float]


def is_count(value: object) -> bool:
    """Whether a value is a whole number of 1 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def as_curve(schedule: object) -> Curve | None:
    """Return a schedule that can be called: a table of a spec becomes one, None stays None.

    Raises:
        ScheduleError: the table says no schedule.
        RegistrationError: it is neither a schedule, nor a table, nor a callable.
    """
    if isinstance(schedule, Mapping):
        return schedules.from_table(schedule)
    if schedule is None or (callable(schedule) and not isinstance(schedule, type)):
        return schedule
    raise RegistrationError(
        "a schedule is a table, a `lossspec.schedules` object or a callable f(t) -> float: "
        f"found {schedule!r}"
    )


def is_finite_number(value: object) -> bool:
    """Whether a value can be a weight: a finite number, and no boolean."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def unit_of(curve: Curve) -> Unit:
    """Return what a schedule counts: epochs, where it does not say."""
    unit: Unit | None = getattr(curve, "unit", None)
    return unit or "epoch"


def evaluate(curve: Curve, position: Callable[[Unit], float], what: str) -> float:
    """Return the value of a schedule where the clock is.

    Raises:
        ClockError: the clock lacks what the schedule counts.
        LossResultError: the value is no finite number.
    """
    t = position(unit_of(curve))
    try:
        value = curve(t)
    except Exception as error:  # a callable of the user's: whatever it raises, the loss is to be named
        raise LossResultError(f"the schedule of {what} failed at {t}: {error!r}") from error
    if not is_finite_number(value):
        raise LossResultError(f"the schedule of {what} gives {value!r} at {t}: a finite number is wanted")
    return float(value)
