"""Asymptotic shapes, which approach their values without reaching them.

They are as published, not stretched. ``tanh`` and ``rampup`` are exactly ``start_value`` before ``start``
and exactly ``end_value`` from ``end`` on, with a small jump; ``logistic`` has no ends.
"""

from __future__ import annotations

from math import exp, inf
from math import tanh as hyperbolic_tangent
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.error import must_be, shown
from lossspec.schedules.interval import SWAP, Interval
from lossspec.schedules.kinds import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault


@frozen(kw_only=True)
class tanh(Interval):
    """A segment of the hyperbolic tangent.

        end_value + (start_value - end_value) * (1 - tanh(lower (1 - x) + upper x)) / 2
        x = (t - start) / (end - start)

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on. Between them it
    reaches neither: the default segment begins a millionth of the way down and jumps the last 0.25 %.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        end_value: the value after.
        lower: where the segment begins; -7 unless given.
        upper: where the segment ends; above ``lower``, and 3 unless given.

    Source: ``timm.scheduler.TanhLRScheduler``; Hsueh et al. 2019, https://arxiv.org/abs/1806.01593.

    >>> decay = tanh(start=0, end=10, start_value=1.0, end_value=0.0)
    >>> decay(-1), round(decay(0), 6), round(decay(7), 6), round(decay(9), 6), decay(10)
    (1.0, 0.999999, 0.5, 0.017986, 0.0)
    """

    lower: float = field(default=-7.0, metadata=number("where the segment of the curve begins"))
    upper: float = field(default=3.0, metadata=number("where the segment of the curve ends"))

    def problems(self) -> Iterator[Fault]:
        """Yield the faults of the positions, and a fault unless ``upper`` is above ``lower``."""
        yield from super().problems()
        if self.upper <= self.lower:
            yield must_be(f"above `lower` ({shown(self.lower)})", self.upper, ("upper",), "unordered", SWAP)

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        half, lower, width = 0.5 * (first - last), self.lower, self.upper - self.lower

        def tanh(t: float) -> float:
            part = (t - start) / length
            if 0.0 <= part < 1.0:
                return last + half * (1.0 - hyperbolic_tangent(lower + width * part))
            if 1.0 <= part < inf:
                return last
            if -inf < part < 0.0:
                return first
            raise invalid_position(t)

        return tanh


@frozen(kw_only=True)
class rampup(Interval):
    """The Gaussian ramp-up of the mean teacher.

        start_value + (end_value - start_value) * exp(-5 (1 - x)^2),    x = (t - start) / (end - start)

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on. At ``start`` it jumps by
    exp(-5), which is 0.67 % of the way.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        end_value: the value after.

    Source: Laine and Aila 2017, https://arxiv.org/abs/1610.02242; Tarvainen and Valpola 2017,
    https://arxiv.org/abs/1703.01780.

    >>> ramp = rampup(start=0, end=80, start_value=0.0, end_value=1.0)
    >>> ramp(-1), round(ramp(0), 6), round(ramp(40), 6), ramp(80)
    (0.0, 0.006738, 0.286505, 1.0)
    """

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        rise = last - first

        def rampup(t: float) -> float:
            part = (t - start) / length
            if 0.0 <= part < 1.0:
                left = 1.0 - part
                return first + rise * exp(-5.0 * left * left)
            if 1.0 <= part < inf:
                return last
            if -inf < part < 0.0:
                return first
            raise invalid_position(t)

        return rampup


@frozen(kw_only=True)
class logistic(Schedule):
    """The logistic curve.

        start_value + (end_value - start_value) / (1 + exp(-rate (t - midpoint)))

    It has no start and no end, and reaches neither value. The ramp of domain-adversarial training, from 0
    to nearly 1, is its upper half: ``logistic(rate=10 / T, midpoint=0, start_value=-1.0, end_value=1.0)``.

    Attributes:
        rate: how steep it is; above 0.
        midpoint: where it is halfway.
        start_value: the limit for small t.
        end_value: the limit for large t.

    Source: Bowman et al. 2016, https://arxiv.org/abs/1511.06349; Ganin et al. 2016,
    https://arxiv.org/abs/1505.07818.

    >>> kl = logistic(rate=0.5, midpoint=10, start_value=0.0, end_value=1.0)
    >>> round(kl(0), 6), kl(10), round(kl(20), 6)
    (0.006693, 0.5, 0.993307)
    """

    rate: float = field(metadata=number("how steep it is", above=0))
    midpoint: float = field(metadata=number("where it is halfway"))
    start_value: float = field(metadata=number("the limit for small t"))
    end_value: float = field(metadata=number("the limit for large t"))

    def curve(self) -> Function:
        middle, half = 0.5 * (self.start_value + self.end_value), 0.5 * (self.end_value - self.start_value)
        rate, midpoint = 0.5 * self.rate, self.midpoint

        def logistic(t: float) -> float:
            away = rate * (t - midpoint)
            if -inf < away < inf:  # tanh(x / 2) is 2 / (1 + exp(-x)) - 1, and cannot overflow
                return middle + half * hyperbolic_tangent(away)
            raise invalid_position(t)

        return logistic
