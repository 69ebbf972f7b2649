"""A value for a while, and 0 otherwise."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, bad_position
from lossspec.schedules.interval import forward
from lossspec.schedules.kinds import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.schedules.fault import ScheduleFault


@frozen(kw_only=True)
class window(Schedule):
    """A value for a while, and exactly 0 outside it: a term that begins late, or ends early.

        value    start <= t < end
        0        otherwise

    Attributes:
        value: the value inside.
        start: where it begins; 0 unless given.
        end: where it is 0 again; after ``start``, and never unless given.

    >>> late = window(value=0.8, start=50)
    >>> late(49), late(50), late(1000)
    (0.0, 0.8, 0.8)
    """

    value: float = field(metadata=number("the value inside"))
    start: float = field(default=0.0, metadata=number("where it begins"))
    end: float | None = field(default=None, metadata=number("where it is 0 again; never unless given"))

    def problems(self) -> Iterator[ScheduleFault]:
        """Yield a fault unless ``end`` lies after ``start``."""
        if self.end is not None:
            yield from forward(self.start, self.end)

    def curve(self) -> Function:
        value, start = self.value, self.start
        length = inf if self.end is None else self.end - start

        def window(t: float) -> float:
            if 0.0 <= t - start < length:
                return value
            if t - t:  # NaN, as of infinity
                raise bad_position(t)
            return 0.0

        return window
