"""Periodic waves."""

from __future__ import annotations

from math import inf
from math import pow as power_of  # always a float, where `**` can be complex
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.error import must_be, shown
from lossspec.schedules.growth import FULL, NEARLY, growth_limit, outgrown, rate_of
from lossspec.schedules.kinds import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault


@frozen(kw_only=True)
class _Wave(Schedule):
    """A wave between two values.

    Attributes:
        low: the lowest value.
        high: the value at the first peak.
    """

    low: float = field(metadata=number("the lowest value"))
    high: float = field(metadata=number("the value at the first peak"))

    def problems(self) -> Iterator[Fault]:
        """Yield a fault if ``high`` is below ``low``."""
        if self.high < self.low:
            yield must_be(
                f"at least `low` ({shown(self.low)})", self.high, ("high",), "unordered", "swap the two"
            )


@frozen(kw_only=True)
class triangular(_Wave):
    """A triangular wave: a straight line up and a straight line down, repeated.

        low + (high - low) * amplitude_mult^n * u / up                    u < up
        low + (high - low) * amplitude_mult^n * (up + down - u) / down    u >= up
        n = floor(t / (up + down)),    u = t - n (up + down)

    ``low`` before 0.

    Attributes:
        low: the lowest value.
        high: the value at the first peak; at least ``low``.
        up: the length of the rise; above 0.
        down: the length of the fall; above 0.
        amplitude_mult: the factor of the amplitude from cycle to cycle; at least 0, and 1 unless given.

    Source: ``torch.optim.lr_scheduler.CyclicLR``, whose "triangular2" is ``amplitude_mult=0.5``; Smith
    2017, https://arxiv.org/abs/1506.01186.

    >>> wave = triangular(low=0.0, high=1.0, up=4, down=8)
    >>> wave(2), wave(4), wave(8), wave(12)
    (0.5, 1.0, 0.5, 0.0)
    """

    up: float = field(metadata=number("the length of the rise", above=0))
    down: float = field(metadata=number("the length of the fall", above=0))
    amplitude_mult: float = field(
        default=1.0, metadata=number("the factor of the amplitude from cycle to cycle", least=0)
    )

    def curve(self) -> Function:
        low, swing, cycle = self.low, self.high - self.low, self.up + self.down
        mult, rise, fall = rate_of(self.amplitude_mult, swing), self.up / cycle, 1.0 - self.up / cycle
        most = growth_limit(swing, mult)
        beyond = outgrown(self, swing)

        def triangular(t: float) -> float:
            turns = t / cycle
            if 0.0 < turns < inf:
                turn = turns % 1.0
                if turn < rise:
                    return low + swing * (turn / rise)
                return low + swing * ((1.0 - turn) / fall) if turn < FULL else low
            if -inf < turns <= 0.0:
                return low
            raise invalid_position(t)

        def triangular_times(t: float) -> float:
            turns = t / cycle
            if 0.0 < turns < most:
                return low + (triangular(t) - low) * power_of(mult, (turns + NEARLY) // 1.0)
            return beyond(t) if turns > 0.0 else triangular(t)

        return triangular if mult == 1 else triangular_times


@frozen(kw_only=True)
class sawtooth(_Wave):
    """A sawtooth wave: a straight line up and a jump down, repeated.

        low + (high - low) * the fractional part of t / period

    ``low`` before 0. It never quite reaches ``high``: the end of a period is the start of the next.

    Attributes:
        low: the lowest value.
        high: the value that it rises to; at least ``low``.
        period: the length of a period; above 0.

    Source: ignite's ``LinearCyclicalScheduler`` with ``monotonic=True``.

    >>> saw = sawtooth(low=0.0, high=1.0, period=4)
    >>> saw(1), saw(3), saw(4)
    (0.25, 0.75, 0.0)
    """

    period: float = field(metadata=number("the length of a period", above=0))

    def curve(self) -> Function:
        low, swing, period = self.low, self.high - self.low, self.period

        def sawtooth(t: float) -> float:
            turns = t / period
            if 0.0 < turns < inf:
                turn = turns % 1.0
                return low + swing * turn if turn < FULL else low
            if -inf < turns <= 0.0:
                return low
            raise invalid_position(t)

        return sawtooth
