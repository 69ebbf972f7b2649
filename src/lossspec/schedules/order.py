"""The rules of boundaries: as many as there are gaps, and in rising order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.schedules.fault import ScheduleFault, counted, shown
from lossspec.schedules.kinds import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.schedules.fault import Path


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
