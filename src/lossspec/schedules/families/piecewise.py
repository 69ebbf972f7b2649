"""A line through points."""

from __future__ import annotations

from bisect import bisect_right
from math import inf
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.interval import rising
from lossspec.schedules.kinds import Array, Number, array, choice
from lossspec.schedules.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.faults import Fault

_POINT = Array("a position and the value there", Number("a number"), least=2, most=2)


@frozen(kw_only=True)
class piecewise(Schedule):
    """A line through points, with straight or cosine segments.

        v0 + (v1 - v0) * g((t - t0) / (t1 - t0)),    t0 <= t < t1
        g(x) = x, or (1 - cos(pi x)) / 2 with shape = "cosine"

    The first value before the first point, exactly the last value from the last point on.

    Attributes:
        points: pairs of a position and the value there; at least two, in rising order.
        shape: the shape of a segment, "linear" (unless given) or "cosine".

    Source: ``optax.piecewise_interpolate_schedule``, ignite's ``PiecewiseLinear``.

    >>> line = piecewise(points=[[2, 1.0], [5, 0.4], [9, 0.6]])
    >>> line(0), line(5), line(7), line(12)
    (1.0, 0.4, 0.5, 0.6)
    """

    points: Sequence[Sequence[float]] = field(
        metadata=array("pairs of a position and the value there", _POINT, least=2, otherwise="`constant`")
    )
    shape: Literal["linear", "cosine"] = field(
        default="linear", metadata=choice("the shape of a segment between two points", "linear", "cosine")
    )

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for each point that is not after the one before it."""
        yield from rising("points", tuple(position for position, _ in self.points), at=(0,))

    def curve(self) -> Function:
        positions = [position for position, _ in self.points]
        values = [value for _, value in self.points]
        (start, first), *_, (end, last) = self.points
        shape = SHAPES[self.shape]

        def piecewise(t: float) -> float:
            if start < t < end:
                here = bisect_right(positions, t)
                behind, value = positions[here - 1], values[here - 1]
                return value + (values[here] - value) * shape((t - behind) / (positions[here] - behind))
            if end <= t < inf:
                return last
            if -inf < t <= start:
                return first
            raise invalid_position(t)

        return piecewise
