"""Draws less than there is, honestly: each stretch of a curve keeps its lowest, mean and highest value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        xs: positions, between ``begin`` and ``end``.
        ys: values, as many.
        begin: where the first stretch begins.
        end: where the last one ends.
        stretches: how many there are.

    >>> found = envelope([0, 1, 2, 3], [1.0, 5.0, 2.0, math.nan], 0, 4, 2)
    >>> found.x, found.low, found.mean, found.high, found.broken
    ([0.5, 2.5], [1.0, 2.0], [3.0, 2.0], [5.0, 2.0], [0, 1])
    """
    scale = stretches / (end - begin) if end > begin else 0.0
    inside: dict[int, list[int]] = {}
    for index, x in enumerate(xs):
        inside.setdefault(min(int((x - begin) * scale), stretches - 1), []).append(index)
    found = Envelope([], [], [], [], [], [])
    for stretch in sorted(inside):
        indices = inside[stretch]
        values = [ys[index] for index in indices if math.isfinite(ys[index])]
        found.x.append(sum(xs[index] for index in indices) / len(indices))
        found.low.append(min(values, default=math.nan))
        found.mean.append(sum(values) / len(values) if values else math.nan)
        found.high.append(max(values, default=math.nan))
        found.broken.append(len(indices) - len(values))
        found.count.append(len(indices))
    return found
