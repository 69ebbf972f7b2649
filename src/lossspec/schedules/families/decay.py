"""Decays with a rate and without an end."""

from __future__ import annotations

from math import inf, sqrt
from math import pow as power_of  # always a float, where `**` can be complex
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, Schedule, clamped, invalid_position
from lossspec.schedules.error import must_be, shown
from lossspec.schedules.growth import NEARLY, growth_limit, outgrown, rate_of
from lossspec.schedules.kinds import flag, number

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen(kw_only=True)
class exponential_decay(Schedule):
    """Exponential decay: the value is multiplied by a rate once per period.

        start_value * rate^p,    p = max(0, (t - start) / period)

    With ``staircase``, p is rounded down. It has no end: it approaches 0, or stops at ``floor``.

    Attributes:
        start_value: the value up to ``start``.
        rate: the factor of one period; above 0. Above 1 the value grows.
        period: the length of a period; above 0.
        start: where it begins; 0 unless given.
        staircase: whether it changes only once per period.
        floor: the value where the decay stops; between 0 and ``start_value``.

    Source: ``optax.exponential_decay``, ``torch.optim.lr_scheduler.ExponentialLR``.

    >>> decay = exponential_decay(start_value=1.0, rate=0.5, period=3, floor=0.2)
    >>> decay(0), decay(3), decay(6), decay(9)
    (1.0, 0.5, 0.25, 0.2)
    """

    start_value: float = field(metadata=number("the value up to `start`"))
    rate: float = field(metadata=number("the factor of one period; above 1 the value grows", above=0))
    period: float = field(metadata=number("the length of a period", above=0))
    start: float = field(default=0.0, metadata=number("where it begins"))
    staircase: bool = field(default=False, metadata=flag("whether it changes only once per period"))
    floor: float | None = field(default=None, metadata=number("the value where the decay stops"))

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for a floor that is never reached, or passed before the decay begins."""
        if self.floor is None:
            return
        if self.rate > 1:
            message = f"`floor` needs a `rate` of at most 1, got `{shown(self.rate)}`: the value grows"
            yield Fault("out-of-range", message, ("floor",), help="use `maximum` to limit the growth")
        elif not min(0.0, self.start_value) <= self.floor <= max(0.0, self.start_value):
            expected = f"between `start_value` ({shown(self.start_value)}) and 0"
            yield must_be(expected, self.floor, ("floor",), "out-of-range")

    def curve(self) -> Function:
        start, period, first = self.start, self.period, self.start_value
        rate, staircase = rate_of(self.rate, first), self.staircase
        most = growth_limit(first, rate)
        beyond = outgrown(self, first)

        def exponential_decay(t: float) -> float:
            periods = (t - start) / period
            if 0.0 < periods < most:
                if staircase:
                    periods = (periods + NEARLY) // 1.0
                return first * power_of(rate, periods)
            if -inf < periods <= 0.0:
                return first
            return beyond(t)

        if self.floor is None:
            return exponential_decay
        if first > 0:
            return clamped(exponential_decay, self.floor, None)
        return clamped(exponential_decay, None, self.floor)


@frozen(kw_only=True)
class inverse_time(Schedule):
    """Decay by the inverse of the elapsed time.

        start_value / (1 + rate * p),    p = max(0, (t - start) / period)

    With ``staircase``, p is rounded down. It has no end: it approaches 0.

    Attributes:
        start_value: the value up to ``start``.
        rate: how fast it falls; at least 0.
        period: the length of a period; above 0.
        start: where it begins; 0 unless given.
        staircase: whether it changes only once per period.

    Source: ``keras.optimizers.schedules.InverseTimeDecay``.

    >>> inverse_time(start_value=1.0, rate=0.5, period=4)(8)
    0.5
    """

    start_value: float = field(metadata=number("the value up to `start`"))
    rate: float = field(metadata=number("how fast it falls", least=0))
    period: float = field(metadata=number("the length of a period", above=0))
    start: float = field(default=0.0, metadata=number("where it begins"))
    staircase: bool = field(default=False, metadata=flag("whether it changes only once per period"))

    def curve(self) -> Function:
        start, period, first, rate = self.start, self.period, self.start_value, self.rate
        staircase = self.staircase

        def inverse_time(t: float) -> float:
            periods = (t - start) / period
            if 0.0 < periods < inf:
                if staircase:
                    periods = (periods + NEARLY) // 1.0
                return first / (1.0 + rate * periods)
            if -inf < periods <= 0.0:
                return first
            raise invalid_position(t)

        return inverse_time


@frozen(kw_only=True)
class inverse_sqrt(Schedule):
    """Decay by the inverse square root of the elapsed time.

        start_value / sqrt(1 + p),    p = max(0, (t - start) / period)

    It has no end: it approaches 0. The schedule of the transformer is
    ``warmup(over=T, then=inverse_sqrt(start_value=v, period=T))``.

    Attributes:
        start_value: the value up to ``start``.
        period: the time to fall by a factor of the square root of 2; above 0.
        start: where it begins; 0 unless given.

    Source: ``transformers.get_inverse_sqrt_schedule``, whose ``timescale`` is our ``period``.

    >>> inverse_sqrt(start_value=1.0, period=4)(12)
    0.5
    """

    start_value: float = field(metadata=number("the value up to `start`"))
    period: float = field(metadata=number("the time to fall by a factor of the square root of 2", above=0))
    start: float = field(default=0.0, metadata=number("where it begins"))

    def curve(self) -> Function:
        start, period, first = self.start, self.period, self.start_value

        def inverse_sqrt(t: float) -> float:
            periods = (t - start) / period
            if 0.0 < periods < inf:
                return first / sqrt(1.0 + periods)
            if -inf < periods <= 0.0:
                return first
            raise invalid_position(t)

        return inverse_sqrt
