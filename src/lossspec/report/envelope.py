"""Draws less than there is, honestly: each stretch of a curve keeps its lowest, mean and highest value."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen
class Envelope:
    """A curve in stretches: columns of one length, without the stretches that hold no value.

    Attributes:
        x: the mean position of the values of each stretch.
        low: the lowest finite value of each; NaN where there is none.
        mean: the mean of the finite values.
        high: the highest.
        broken: how many values are NaN or infinite.
        count: how many values there are at all.
    """

    x: list[float]
    low: list[float]
    mean: list[float]
    high: list[float]
    broken: list[int]
    count: list[int]

    def __len__(self) -> int:
        return len(self.x)


def envelope(xs: Sequence[float], ys: Sequence[float], begin: float, end: float, stretches: int) -> Envelope:
    """Cut ``begin`` to ``end`` into equal stretches and sum up the values of each.

    Args:
        xs: positions from ``begin`` to ``end``, in any order.
        ys: values, as many.
        begin: where the first stretch begins.
        end: where the last one ends.
        stretches: how many there are.

    >>> found = envelope([0, 1, 2, 3], [1.0, 5.0, 2.0, math.nan], 0, 4, 2)
    >>> found.x, found.low, found.mean, found.high, found.broken
    ([0.5, 2.5], [1.0, 2.0], [3.0, 2.0], [5.0, 2.0], [0, 1])
    """
    if any(before > after for before, after in pairwise(xs)):  # a clock that was set back
        order = sorted(range(len(xs)), key=xs.__getitem__)
        xs, ys = [xs[index] for index in order], [ys[index] for index in order]
    found = Envelope([], [], [], [], [], [])
    for first, last in _slices(xs, begin, end, stretches):
        values = ys[first:last]
        total = sum(values)
        if not math.isfinite(total):
            values = [value for value in values if math.isfinite(value)]
            total = sum(values)
        found.x.append(sum(xs[first:last]) / (last - first))
        found.low.append(min(values, default=math.nan))
        found.mean.append(total / len(values) if values else math.nan)
        found.high.append(max(values, default=math.nan))
        found.broken.append(last - first - len(values))
        found.count.append(last - first)
    return found


def _slices(xs: Sequence[float], begin: float, end: float, stretches: int) -> Iterator[tuple[int, int]]:
    """Yield the first index of each stretch that holds a value, and the one behind its last."""
    length = (end - begin) / stretches
    first = 0
    for stretch in range(1, stretches + 1):
        last = bisect_left(xs, begin + stretch * length, lo=first) if stretch < stretches else len(xs)
        if last > first:
            yield first, last
        first = last
