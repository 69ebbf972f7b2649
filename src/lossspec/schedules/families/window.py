"""A value within a window of time, and 0 outside it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.interval import end_after_start
from lossspec.schedules.kinds import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault


@frozen(kw_only=True)
class window(Schedule):
    """A value within a window, and exactly 0 outside it: for a term that begins late or ends early.

        value    start <= t < end
        0        otherwise

    Attributes:
        value: the value in the window.
        start: where the window begins; 0 unless given.
        end: where the window ends; after ``start``. Without it the window does not end.

    >>> late = window(value=0.8, start=50)
    >>> late(49), late(50), late(1000)
    (0.0, 0.8, 0.8)
    """

    value: float = field(metadata=number("the value in the window"))
    start: float = field(default=0.0, metadata=number("where the window begins"))
    end: float | None = field(default=None, metadata=number("where the window ends; without it, never"))

    def problems(self) -> Iterator[Fault]:
        """Yield a fault unless ``end`` is after ``start``."""
        if self.end is not None:
            yield from end_after_start(self.start, self.end)

    def curve(self) -> Function:
        value, start = self.value, self.start
        length = inf if self.end is None else self.end - start

        def window(t: float) -> float:
            if 0.0 <= t - start < length:
                return value
            if t - t:  # NaN, or NaN from infinity
                raise invalid_position(t)
            return 0.0

        return window
