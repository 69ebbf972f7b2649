"""Geometric change from one value to another."""

from __future__ import annotations

from math import inf
from math import pow as power_of  # always a float, where `**` can be complex
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, invalid_position
from lossspec.schedules.error import shown
from lossspec.schedules.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen(kw_only=True)
class exponential(Interval):
    """Geometric change between two values of the same sign: equal times, equal ratios.

        start_value * (end_value / start_value)^x,    x = (t - start) / (end - start)

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on.

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before; not 0.
        end_value: the value after; not 0, and of the same sign.

    Source: ``optax.exponential_decay`` with ``decay_rate = v1 / v0``.

    >>> decay = exponential(start=0, end=2, start_value=100.0, end_value=1.0)
    >>> decay(0), decay(1), decay(2)
    (100.0, 10.0, 1.0)
    """

    def problems(self) -> Iterator[Fault]:
        """Yield the faults of the positions, and of values that are 0 or of different signs."""
        yield from super().problems()
        for name, value in (("start_value", self.start_value), ("end_value", self.end_value)):
            if value == 0:
                message = f"`{name}` must not be 0: no ratio leads to or from 0"
                help_ = "use `linear` or `cosine` to reach 0, or write a small value instead"
                yield Fault("exponential-zero", message, (name,), help=help_)
        if self.start_value * self.end_value < 0:
            values = f"`{shown(self.start_value)}` and `{shown(self.end_value)}`"
            message = f"`start_value` and `end_value` must have the same sign, got {values}"
            help_ = "use `linear` or `cosine` to cross 0"
            yield Fault("exponential-sign", message, ("end_value",), help=help_)

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        ratio = last / first

        def exponential(t: float) -> float:
            part = (t - start) / length
            if 0.0 < part < 1.0:
                return first * power_of(ratio, part)
            if 1.0 <= part < inf:
                return last
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return exponential
