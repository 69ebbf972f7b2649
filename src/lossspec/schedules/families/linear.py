"""Linear and polynomial change from one value to another."""

from __future__ import annotations

from math import inf
from math import pow as power_of  # always a float, where `**` can be complex
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.growth import outgrown
from lossspec.schedules.interval import Interval, end_after_start
from lossspec.schedules.kinds import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.faults import Fault


@frozen(kw_only=True)
class linear(Schedule):
    """A straight line from one value to another, or without end.

        start_value + (end_value - start_value) * x,    x = (t - start) / (end - start)
        start_value + slope * (t - start)               with ``slope``

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on. With a ``slope`` it has no end,
    as for the weight of a boundary loss; a ``maximum`` or ``minimum`` stops it.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        end_value: the value after.
        slope: the change for each 1 of t, in place of ``end`` and ``end_value``.

    Source: ``optax.linear_schedule``; for ``slope`` Kervadec et al. 2019, https://arxiv.org/abs/1812.07032.

    >>> decay = linear(start=100, end=200, start_value=100.0, end_value=0.0)
    >>> decay(99), decay(150), decay(200)
    (100.0, 50.0, 0.0)
    >>> growth = linear(start=10, start_value=0.01, slope=0.5)
    >>> growth(10), growth(12), growth(1000)
    (0.01, 1.01, 495.01)
    """

    stands_for: ClassVar[Mapping[str, tuple[str, ...]]] = {"slope": ("end", "end_value")}

    start: float = field(metadata=number("where the change begins"))
    end: float | None = field(
        default=None, metadata=number("where the change ends; without it, give `slope`")
    )
    start_value: float = field(metadata=number("the value before `start`"))
    end_value: float | None = field(default=None, metadata=number("the value from `end` on"))
    slope: float | None = field(
        default=None, metadata=number("the change for each 1 of t, in place of `end` and `end_value`")
    )

    def problems(self) -> Iterator[Fault]:
        """Yield a fault unless ``end`` is after ``start``."""
        if self.end is not None:
            yield from end_after_start(self.start, self.end)

    def curve(self) -> Function:
        if self.end is None or self.end_value is None:
            return self._endless(self.slope or 0.0)
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        rise = last - first

        def linear(t: float) -> float:
            part = (t - start) / length
            if 0.0 < part < 1.0:
                return first + rise * part
            if 1.0 <= part < inf:
                return last
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return linear

    def _endless(self, slope: float) -> Function:
        start, first = self.start, self.start_value
        beyond = outgrown(self, slope)

        def linear_without_end(t: float) -> float:
            passed = t - start
            if passed > 0.0:
                value = first + slope * passed
                return value if -1e300 < value < 1e300 else beyond(t)
            if -inf < passed <= 0.0:
                return first
            raise invalid_position(t)

        return linear_without_end


@frozen(kw_only=True)
class polynomial(Interval):
    """Polynomial change: a power of the remaining fraction of the interval.

        end_value + (start_value - end_value) * (1 - x)^power,    x = (t - start) / (end - start)

    With a power above 1 it is fast at first and slow at the end, rising or falling. ``start_value`` before
    ``start``, exactly ``end_value`` from ``end`` on.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        end_value: the value after.
        power: above 0.

    Source: ``optax.polynomial_schedule``, ``torch.optim.lr_scheduler.PolynomialLR``.

    >>> polynomial(start=4, end=14, start_value=30.0, end_value=10.0, power=2)(9)
    15.0
    """

    power: float = field(metadata=number("the power of the remaining fraction of the interval", above=0))

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        fall, power = first - last, self.power

        def polynomial(t: float) -> float:
            part = (t - start) / length
            if 0.0 < part < 1.0:
                return last + fall * power_of(1.0 - part, power)
            if 1.0 <= part < inf:
                return last
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return polynomial
