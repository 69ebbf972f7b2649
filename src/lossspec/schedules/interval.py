"""Schedules between two points, and the order that positions must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Schedule
from lossspec.schedules.fault import ScheduleFault, counted, shown
from lossspec.schedules.kinds import named, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.schedules.fault import Path


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


def one_more(
    name: str, items: Sequence[object], between: str, boundaries: Sequence[float]
) -> Iterator[ScheduleFault]:
    """Yield a fault unless there is one boundary between each two items."""
    if len(boundaries) != len(items) - 1:
        message = f"`{between}` has {counted(len(boundaries), 'position')} for {len(items)} `{name}`"
        help_ = f"give {len(items) - 1}: where each of `{name}` but the first begins"
        yield ScheduleFault((between,), message, help_, "wrong-length")


def rising(
    name: str, positions: Sequence[float], *, at: Path = (), strictly: bool = True
) -> Iterator[ScheduleFault]:
    """Yield a fault for each position that doesn't lie after the one before it.

    ``at`` leads from an item of the array to its position.
    """
    for index in range(1, len(positions)):
        before, here = positions[index - 1], positions[index]
        path = (name, index, *at)
        if here < before:
            message = f"{named(path)} is {shown(here)}, after {shown(before)}"
            yield ScheduleFault(path, message, f"put `{name}` in rising order", "unordered")
        elif strictly and here == before:
            message = f"{named(path)} is {shown(here)} again: a stretch of no length"
            help_ = "leave one of the two out, or move it; a jump is a `piecewise_constant` or a `join`"
            yield ScheduleFault(path, message, help_, "zero-length")
