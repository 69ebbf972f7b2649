"""Cyclical ramps, as for the weight of the KL term of a VAE."""

from __future__ import annotations

from math import inf
from typing import Literal

from attrs import field, frozen

from lossspec.schedules.base import Function, invalid_position
from lossspec.schedules.growth import FULL
from lossspec.schedules.interval import Interval
from lossspec.schedules.kinds import choice, count, number
from lossspec.schedules.shapes import SHAPES


@frozen(kw_only=True)
class cyclical(Interval):
    """A ramp and a plateau, repeated.

        start_value + (end_value - start_value) * g(min(1, u / ratio))
        u = the fractional part of cycles * (t - start) / (end - start)

    where g is a straight line, half a cosine wave, or a logistic curve. ``start_value`` before ``start``,
    exactly ``end_value`` from ``end`` on.

    The logistic curve is stretched to reach both values. (The authors' code goes from 0.0025 to 0.9975 and
    jumps to 1; it also adds up float steps, so a ramp can be a step short. This is the closed form.)

    Attributes:
        start: where the first cycle begins.
        end: where the last cycle ends; after ``start``.
        start_value: the value at the start of each ramp.
        end_value: the value of the plateaus.
        cycles: the number of cycles; 4 unless given.
        ratio: the fraction of a cycle that the ramp takes; above 0, at most 1, and 0.5 unless given.
        shape: "linear" (unless given), "cosine" or "sigmoid".

    Source: Fu et al. 2019, https://arxiv.org/abs/1903.10145.

    >>> beta = cyclical(start=0, end=40, start_value=0.0, end_value=1.0)
    >>> [beta(t) for t in (0, 2.5, 5, 9, 10, 40)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 1.0]
    """

    cycles: int = field(default=4, metadata=count("the number of cycles"))
    ratio: float = field(
        default=0.5, metadata=number("the fraction of a cycle that the ramp takes", above=0, most=1)
    )
    shape: Literal["linear", "cosine", "sigmoid"] = field(
        default="linear", metadata=choice("the shape of the ramp", "linear", "cosine", "sigmoid")
    )

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        rise, cycles, ratio, shape = last - first, self.cycles, self.ratio, SHAPES[self.shape]

        def cyclical(t: float) -> float:
            part = (t - start) / length
            if 0.0 < part < 1.0:
                turn = part * cycles % 1.0
                if turn >= FULL:
                    return first
                return first + rise * shape(turn / ratio) if turn < ratio else last
            if 1.0 <= part < inf:
                return last
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return cyclical
