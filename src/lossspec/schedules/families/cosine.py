"""Half a cosine wave from one value to another."""

from __future__ import annotations

from math import cos, inf, pi
from math import pow as power_of  # always a float, where `**` can be complex

from attrs import field, frozen

from lossspec.schedules.base import Function, invalid_position
from lossspec.schedules.interval import Interval
from lossspec.schedules.kinds import number


@frozen(kw_only=True)
class cosine(Interval):
    """Half a cosine wave: slow, fast, slow.

        end_value + (start_value - end_value) * ((1 + cos(pi x)) / 2)^exponent,
        x = (t - start) / (end - start)

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on: it does not rise again, unlike
    torch's ``CosineAnnealingLR``.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        end_value: the value after.
        exponent: above 0; 1 unless given.

    Source: ``optax.cosine_decay_schedule``; Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983.

    >>> decay = cosine(start=0, end=10, start_value=10.0, end_value=1.0)
    >>> decay(0), decay(5), decay(10)
    (10.0, 5.5, 1.0)
    """

    exponent: float = field(default=1.0, metadata=number("the power of the cosine wave", above=0))

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        fall, exponent = first - last, self.exponent

        def cosine(t: float) -> float:
            part = (t - start) / length
            if 0.0 < part < 1.0:
                return last + fall * power_of(0.5 + 0.5 * cos(pi * part), exponent)
            if 1.0 <= part < inf:
                return last
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return cosine
