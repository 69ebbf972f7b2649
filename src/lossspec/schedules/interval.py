"""Schedules between two positions, and checks of the order of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Schedule
from lossspec.schedules.error import counted, must_be, shown
from lossspec.schedules.kinds import number
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.faults import KeyPath

SWAP = "swap the two; `start_value` and `end_value` decide whether it rises or falls"


@frozen(kw_only=True)
class Interval(Schedule):
    """A change from one value to another, between two positions.

    Attributes:
        start: where the change begins; ``start_value`` before.
        end: where the change ends; exactly ``end_value`` from here on.
        start_value: the value before ``start``.
        end_value: the value from ``end`` on.
    """

    start: float = field(metadata=number("where the change begins"))
    end: float = field(metadata=number("where the change ends"))
    start_value: float = field(metadata=number("the value before `start`"))
    end_value: float = field(metadata=number("the value from `end` on"))

    def problems(self) -> Iterator[Fault]:
        """Yield a fault unless ``end`` is after ``start``."""
        yield from end_after_start(self.start, self.end)


def end_after_start(start: float, end: float) -> Iterator[Fault]:
    """Yield a fault unless ``end`` is after ``start``."""
    expected = f"after `start` ({shown(start)})"
    if end == start:
        help_ = "move `end`, or use `piecewise_constant` for a jump"
        yield must_be(expected, end, ("end",), "zero-length", help_)
    elif end < start:
        yield must_be(expected, end, ("end",), "end-before-start", SWAP)


def one_fewer(
    boundaries: str, positions: Sequence[float], name: str, items: Sequence[object]
) -> Iterator[Fault]:
    """Yield a fault unless there is one boundary between each two items."""
    if len(positions) != len(items) - 1:
        wanted = counted(len(items) - 1, "position")
        message = f"`{boundaries}` must have {wanted} for {len(items)} `{name}`, got {len(positions)}"
        help_ = f"write the position where each of `{name}` except the first begins"
        yield Fault("wrong-length", message, (boundaries,), help=help_)


def rising(
    name: str, positions: Sequence[float], *, at: KeyPath = (), strictly: bool = True
) -> Iterator[Fault]:
    """Yield a fault for each position that is not after the one before it, or at it unless ``strictly``.

    ``at`` is the path from an item of the array to its position.
    """
    for index in range(1, len(positions)):
        before, here = positions[index - 1], positions[index]
        path = (name, index, *at)
        if here < before:
            expected = f"{'above' if strictly else 'at least'} {shown(before)}, the position before it"
            yield must_be(expected, here, path, "unordered", f"put `{name}` in rising order")
        elif strictly and here == before:
            message = f"`{dotted(path)}` repeats the position before it, {shown(here)}"
            help_ = "remove one of the two, or move it; for a jump use `piecewise_constant` or `join`"
            yield Fault("zero-length", message, path, help=help_)
