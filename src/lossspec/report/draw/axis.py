"""Axes: the range of a scale and its ticks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The ratio of the largest to the smallest curve from which the small one looks flat on a linear axis.
DECADES = 15.0
#: The height of the linear part of a symlog axis, in decades.
LINEAR_WIDTH = 0.7


@frozen
class Scale:
    """The scale of an axis.

    Attributes:
        kind: "symlog" is linear up to ``linear_to`` and logarithmic beyond, on both sides of 0.
        linear_to: where the logarithmic part of "symlog" begins.
        decades: the powers of ten that "log" spans.
    """

    kind: Literal["linear", "log", "symlog"]
    linear_to: float = 0.0
    decades: float = 0.0

    def height(self, value: float) -> float:
        """Return the height of a value in the units of the scale; NaN if it has no logarithm.

        >>> Scale("symlog", 1.0).height(100.0), Scale("log").height(0.0)
        (2.7, nan)
        """
        if self.kind == "linear":
            return value
        if self.kind == "log":
            return math.log10(value) if value > 0 else math.nan
        size = abs(value)
        if size <= self.linear_to:
            return LINEAR_WIDTH * (value / self.linear_to)
        return math.copysign(LINEAR_WIDTH + math.log10(size) - math.log10(self.linear_to), value)


def scale_of(curves: Iterable[Sequence[float]]) -> Scale:
    """Return a scale on which all of ``curves`` can be read.

    >>> scale_of([[100.0, 90.0], [1.0, 0.5]]).kind, scale_of([[1.0, 2.0], [3.0, 1.0]]).kind
    ('log', 'linear')
    >>> scale_of([[100.0, 100.0], [0.0, 1.0]])  # a weight that rises from 0, beside one of 100
    Scale(kind='symlog', linear_to=1.0, decades=0.0)
    """
    finite = [[value for value in curve if math.isfinite(value)] for curve in curves]
    sizes = [max(map(abs, curve)) for curve in finite if any(curve)]
    if not sizes:
        return Scale("linear")
    smallest = min(min(curve) for curve in finite if curve)
    if smallest > 0 and max(sizes) / smallest >= DECADES:
        return Scale("log", decades=math.log10(max(sizes)) - math.log10(smallest))
    if smallest <= 0 and max(sizes) / min(sizes) >= DECADES:
        return Scale("symlog", min(sizes))
    return Scale("linear")


def ticks(low: float, high: float, about: int) -> list[float]:
    """Return evenly spaced round numbers within an interval.

    Args:
        low: where it begins.
        high: where it ends, above ``low``.
        about: the most numbers to return, at least 1.

    >>> ticks(0, 199, 5), ticks(0.0, 0.5, 6)
    ([0.0, 50.0, 100.0, 150.0], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    """
    rough = high / about - low / about  # their difference may be beyond the largest float
    power = max(10.0 ** math.floor(math.log10(rough)), math.ulp(0.0))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < about:
            break
    digits = 1 - math.floor(math.log10(step))  # one more than the step has, for 2.5
    return [round(index * step, digits) for index in range(first, last + 1)]
