"""What the schedules between two points share: they hold before ``start`` and from ``end`` on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Schedule
from lossspec.schedules.fault import ScheduleFault, shown
from lossspec.schedules.kinds import number

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen(kw_only=True)
class Interval(Schedule):
    """A way from one value to another, between two positions.

    Attributes:
        start: where it begins to move; ``start_value`` before.
        end: where it arrives; exactly ``end_value`` from here on.
        start_value: the value before.
        end_value: the value after.
    """

    start: float = field(metadata=number("where it begins to move"))
    end: float = field(metadata=number("where it arrives"))
    start_value: float = field(metadata=number("the value before `start`"))
    end_value: float = field(metadata=number("the value from `end` on"))

    def problems(self) -> Iterator[ScheduleFault]:
        """Yield a fault unless ``end`` lies after ``start``."""
        yield from forward(self.start, self.end)


def forward(start: float, end: float) -> Iterator[ScheduleFault]:
    """Yield a fault unless ``end`` lies after ``start``."""
    if end == start:
        message = f"`end` is {shown(end)}, the same as `start`: a schedule of no length"
        help_ = "move `end` behind `start`, or use `piecewise_constant` for a jump"
        yield ScheduleFault(("end",), message, help_, "zero-length")
    elif end < start:
        message = f"`end` is {shown(end)}, before `start`, which is {shown(start)}"
        help_ = "swap the two; `start_value` and `end_value` say whether it rises or falls"
        yield ScheduleFault(("end",), message, help_, "end-before-start")
