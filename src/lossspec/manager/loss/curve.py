"""Schedules as the manager evaluates them: any callable f(t) -> float."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING

from lossspec import schedules
from lossspec.errors import LossResultError, RegistrationError
from lossspec.scalars import plain_number, repr_of

if TYPE_CHECKING:
    from lossspec.schedules.base import Unit

Curve = Callable[[float], float]


def is_count(value: object) -> bool:
    """Return whether a value is an integer of at least 1."""
    value = plain_number(value)
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def as_curve(schedule: object) -> Curve | None:
    """Return a schedule as a callable; a table becomes a schedule, and None stays None.

    Raises:
        ScheduleError: the table is not a valid schedule.
        RegistrationError: it is not a table, a schedule or a callable.
    """
    if isinstance(schedule, Mapping):
        return schedules.from_table(schedule)
    if schedule is None or (callable(schedule) and not isinstance(schedule, type)):
        return schedule
    raise RegistrationError(
        "a schedule must be a table, a `lossspec.schedules` object or a callable f(t) -> float, "
        f"got {schedule!r}"
    )


def is_finite_number(value: object) -> bool:
    """Return whether a value can be a weight: a finite number, not a boolean."""
    value = plain_number(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def unit_of(curve: Curve) -> Unit:
    """Return the unit of a schedule; without one it counts epochs."""
    unit: Unit | None = getattr(curve, "unit", None)
    return unit or "epoch"


def evaluate(curve: Curve, position: Callable[[Unit], float], what: str) -> float:
    """Return the value of a schedule at the clock's position.

    Raises:
        ClockError: the clock has no position in the schedule's unit.
        LossResultError: the schedule raises, or its value is not a finite number.
    """
    t = position(unit_of(curve))
    try:
        value = curve(t)
    except Exception as error:  # user code can raise anything; the message names the loss
        raise LossResultError(f"the schedule of {what} failed at {t}: {error!r}") from error
    if not is_finite_number(value):
        raise LossResultError(
            f"the schedule of {what} must return a finite number, got {repr_of(value)} at {t}"
        )
    return float(value)
