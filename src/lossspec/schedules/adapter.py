"""Turns a user's function into a schedule whose results are checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, Schedule, Unit, invalid_position
from lossspec.schedules.error import ScheduleError, shown

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen(kw_only=True)
class _FromCallable(Schedule):
    """A callable given in code, which has no name and therefore no table."""

    function: Callable[[float], float] = field()

    def curve(self) -> Function:
        return checked(self.function, owner(self.function))

    def to_table(self) -> dict[str, object]:
        message = f"`{owner(self.function)}` is not registered, so it cannot be written as a table"
        help_ = 'register it: `@lossspec.register_schedule("mylib.name")`'
        raise ScheduleError([Fault("custom-schedule", message, (), help=help_)])


def from_callable(function: Callable[[float], float], unit: Unit | None = None) -> Schedule:
    """Return a callable as a schedule; a schedule is returned as it is.

    Args:
        function: takes t and returns a number.
        unit: what t counts.

    Raises:
        ScheduleError: if it is not callable; and, when the schedule is called, if the function does not
            return a finite number, or raises an ``ArithmeticError`` or a ``ValueError``.

    >>> from_callable(lambda t: 2 * t)(3)
    6.0
    """
    if isinstance(function, Schedule):
        return function
    if not callable(function):
        message = f"a schedule must be callable, got `{shown(function)}`"  # type: ignore[unreachable]
        help_ = "pass a schedule, or a function of t"
        raise ScheduleError([Fault("wrong-type", message, (), help=help_)])
    return _FromCallable(function=function, unit=unit)


def owner(target: object) -> str:
    """Return the origin of a function or class: ``module:name``."""
    named = target if hasattr(target, "__qualname__") else type(target)
    return f"{named.__module__}:{getattr(named, '__qualname__', '')}"


def checked(function: Callable[[float], float], name: str) -> Function:
    """Return the function with a check that t is finite and that the result is a finite number."""

    def checked(t: float) -> float:
        if not math.isfinite(t):
            raise invalid_position(t)
        try:
            value = function(t)
        except (ArithmeticError, ValueError) as error:
            raise _invalid_result(name, t, f"raised {type(error).__name__}: {error}") from error
        try:
            finite = math.isfinite(value)
        except TypeError:
            raise _invalid_result(name, t, f"returned {shown(value)}, not a number") from None
        if not finite:
            raise _invalid_result(name, t, f"returned {value}")
        return float(value)

    return checked


def _invalid_result(name: str, t: float, what: str) -> ScheduleError:
    message = f"schedule `{name}` {what} at t = {shown(t)}"
    help_ = "a schedule must return a finite number for every t"
    return ScheduleError([Fault("custom-schedule", message, (), help=help_)])
