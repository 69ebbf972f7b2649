"""Linear and polynomial change from one value to another."""

from __future__ import annotations

from math import inf
from math import pow as power_of  # always a float, where `**` can be complex

from attrs import field, frozen

from lossspec.schedules.base import Function, invalid_position
from lossspec.schedules.interval import Interval
from lossspec.schedules.kinds import number


@frozen(kw_only=True)
class linear(Interval):
    """A straight line from one value to another.

        start_value + (end_value - start_value) * x,    x = (t - start) / (end - start)

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        end_value: the value after.

    Source: ``optax.linear_schedule``.

    >>> decay = linear(start=100, end=200, start_value=100.0, end_value=0.0)
    >>> decay(99), decay(150), decay(200)
    (100.0, 50.0, 0.0)
    """

    def curve(self) -> Function:
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
