"""A function that a user wrote, as a schedule: what it returns is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable  # noqa: TC003 - attrs resolves it

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, Unit, bad_position
from lossspec.schedules.fault import ScheduleError, ScheduleFault, shown


@frozen(kw_only=True)
class _FromCallable(Schedule):
    """A callable given in code: it has no name, and so no table."""

    function: Callable[[float], float] = field()

    def curve(self) -> Function:
        return checked(self.function, owner(self.function))

    def to_table(self) -> dict[str, object]:
        message = f"`{owner(self.function)}` is a bare callable, which no table can name"
        help_ = 'register it: `@lossspec.register_schedule("mylib.name")`'
        raise ScheduleError([ScheduleFault((), message, help_, "custom-schedule")])


def from_callable(function: Callable[[float], float], unit: Unit | None = None) -> Schedule:
    """Return a callable as a schedule; a schedule is returned as it is.

    Args:
        function: takes t and returns a number.
        unit: what t counts.

    Raises:
        ScheduleError: if it can't be called; and, when the schedule is called, if the function returns
            what is no finite number, or raises an ``ArithmeticError`` or a ``ValueError``.

    >>> from_callable(lambda t: 2 * t)(3)
    6.0
    """
    if isinstance(function, Schedule):
        return function
    if not callable(function):
        message = f"a schedule is {shown(function)}, which can't be called"  # type: ignore[unreachable]
        raise ScheduleError([ScheduleFault((), message, "give a schedule, or a function of t", "wrong-type")])
    return _FromCallable(function=function, unit=unit)


def owner(target: object) -> str:
    """Return where a function or class comes from: ``module:name``."""
    named = target if hasattr(target, "__qualname__") else type(target)
    return f"{named.__module__}:{getattr(named, '__qualname__', '')}"


def checked(function: Callable[[float], float], name: str) -> Function:
    """Return the function, held to what a schedule promises: a finite t, and a finite float."""

    def checked(t: float) -> float:
        if not math.isfinite(t):
            raise bad_position(t)
        try:
            value = function(t)
        except (ArithmeticError, ValueError) as error:
            raise _misbehaved(name, t, f"raised {type(error).__name__}: {error}") from error
        try:
            finite = math.isfinite(value)
        except TypeError:
            raise _misbehaved(name, t, f"returned {shown(value)}, not a number") from None
        if not finite:
            raise _misbehaved(name, t, f"returned {value}")
        return float(value)

    return checked


def _misbehaved(name: str, t: float, what: str) -> ScheduleError:
    message = f"schedule `{name}` {what} at t = {shown(t)}"
    fault = ScheduleFault((), message, "a schedule returns a finite number for every t", "custom-schedule")
    return ScheduleError([fault])
