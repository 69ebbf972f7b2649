"""Straight and power-law ways from one value to another."""

from __future__ import annotations

from math import inf
from math import pow as power_of  # of floats, and a float: `**` may be complex

from attrs import field, frozen

from lossspec.schedules.base import Function, bad_position
from lossspec.schedules.interval import Interval
from lossspec.schedules.kinds import number


@frozen(kw_only=True)
class linear(Interval):
    r"""A straight line from one value to another.

    .. math:: f(t) = v_0 + (v_1 - v_0) \frac{t - a}{b - a}, \quad a \le t < b

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on.

    Attributes:
        start: where it begins, :math:`a`.
        end: where it arrives, :math:`b`; after ``start``.
        start_value: the value before, :math:`v_0`.
        end_value: the value after, :math:`v_1`.

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
            raise bad_position(t)

        return linear


@frozen(kw_only=True)
class polynomial(Interval):
    r"""A power of the part of the way that is left.

    .. math:: f(t) = v_1 + (v_0 - v_1) \left(1 - \frac{t - a}{b - a}\right)^p, \quad a \le t < b

    With a power above 1 it is fast at first and slow at last, rising or falling. ``start_value`` before
    ``start``, exactly ``end_value`` from ``end`` on.

    Attributes:
        start: where it begins, :math:`a`.
        end: where it arrives, :math:`b`; after ``start``.
        start_value: the value before, :math:`v_0`.
        end_value: the value after, :math:`v_1`.
        power: :math:`p`, above 0.

    Source: ``optax.polynomial_schedule``, ``torch.optim.lr_scheduler.PolynomialLR``.

    >>> polynomial(start=4, end=14, start_value=30.0, end_value=10.0, power=2)(9)
    15.0
    """

    power: float = field(metadata=number("the power of the part of the way that is left", above=0))

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
            raise bad_position(t)

        return polynomial
