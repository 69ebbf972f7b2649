"""Cosine decay with restarts."""

from __future__ import annotations

from math import cos, expm1, inf, log, log1p, pi
from math import pow as power_of  # always a float, where `**` can be complex
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.error import shown
from lossspec.schedules.growth import FULL, NEARLY, growth_limit, outgrown, rate_of
from lossspec.schedules.kinds import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A length of more than so many first periods is no position.
_FAR = 1e307


@frozen(kw_only=True)
class cosine_restarts(Schedule):
    """Cosine decay with warm restarts (SGDR).

        end_value + (start_value * peak_mult^n - end_value) * (1 + cos(pi (t - t_n) / p_n)) / 2
        p_n = period * period_mult^n,    t_n = p_0 + ... + p_(n-1) <= t

    Cycle n lasts p_n and begins at t_n. A logarithm gives the number of the cycle, and the t_n of the formula
    correct it: a restart is there, and not where the logarithm rounds to. The peak of the
    first cycle before 0, exactly ``end_value`` from the end of the last cycle on. Without ``cycles`` it goes
    on for ever; if ``peak_mult`` is above 1, a ``maximum`` keeps the value below 1e300.

    Attributes:
        start_value: the peak of the first cycle.
        end_value: the value that each cycle falls to.
        period: the length of the first cycle; above 0.
        period_mult: the factor of the length from cycle to cycle; at least 1, and 1 unless given.
        peak_mult: the factor of the peak from cycle to cycle; at least 0, and 1 unless given.
        cycles: the number of cycles, 1 to 10000; without it, there is no last one.

    Source: ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``; Loshchilov and Hutter 2017,
    https://arxiv.org/abs/1608.03983.

    >>> sgdr = cosine_restarts(start_value=1.0, end_value=0.0, period=10, period_mult=2, cycles=3)
    >>> sgdr(0), sgdr(5), sgdr(10), sgdr(20), sgdr(30), sgdr(70)
    (1.0, 0.5, 1.0, 0.5, 1.0, 0.0)
    >>> endless = cosine_restarts(start_value=1.0, end_value=0.0, period=10)
    >>> endless(1_000_000), endless(1_000_005)
    (1.0, 0.5)
    """

    start_value: float = field(metadata=number("the peak of the first cycle"))
    end_value: float = field(metadata=number("the value that each cycle falls to"))
    period: float = field(metadata=number("the length of the first cycle", above=0))
    period_mult: float = field(
        default=1.0, metadata=number("the factor of the length from cycle to cycle", least=1)
    )
    peak_mult: float = field(
        default=1.0, metadata=number("the factor of the peak from cycle to cycle", least=0)
    )
    cycles: int | None = field(
        default=None, metadata=count("the number of cycles; without it, there is no last one", most=10_000)
    )

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for cycles that grow beyond the range of floats."""
        for name, first, mult in (
            ("period_mult", self.period, self.period_mult),
            ("peak_mult", self.start_value, self.peak_mult),
        ):
            if self.cycles is not None and self.cycles > growth_limit(first, mult):
                message = f"`{name}` is too large: {self.cycles} cycles of factor {shown(mult)} exceed 1e300"
                help_ = "write a smaller factor, or fewer `cycles`"
                yield Fault("out-of-range", message, (name,), help=help_)

    @property
    def end(self) -> float:
        """Where the last cycle ends; infinite without a last one."""
        if self.cycles is None:
            return inf
        if self.period_mult == 1:
            return self.period * self.cycles
        return self.period * expm1(self.cycles * log(self.period_mult)) / (self.period_mult - 1.0)

    def curve(self) -> Function:
        first, last, end = self.start_value, self.end_value, self.end
        most = inf if self.cycles is None else self.cycles - 1.0
        period, more = self.period, self.period_mult - 1.0
        rate, peak_mult = log(self.period_mult), rate_of(self.peak_mult, first)
        limit, beyond = growth_limit(first, peak_mult), outgrown(self, first)
        outside = _outside(end, first, last)

        def value(cycle: float, part: float, t: float) -> float:
            if cycle > limit:
                return beyond(t)
            peak = first * power_of(peak_mult, cycle) - last
            return last + peak * (0.5 + 0.5 * cos(pi * part))

        def cosine_restarts(t: float) -> float:
            turns = t / period
            if 0.0 < turns < inf and t < end:
                cycle = min((turns + NEARLY) // 1.0, most)
                return value(cycle, turns - cycle, t)
            return outside(t)

        def cosine_restarts_times(t: float) -> float:
            grown = t / period * more
            if 0.0 < grown < _FAR and t < end:
                cycle = log1p(grown) / rate // 1.0
                begun = expm1(cycle * rate)  # the begin of the cycle, in the unit of `grown`
                part = (grown - begun) / ((1.0 + begun) * more)
                if part < 0.0:
                    cycle, part = cycle - 1.0, part * (1.0 + more) + 1.0
                if part >= FULL and cycle < most:
                    cycle, part = cycle + 1.0, (part - 1.0) / (1.0 + more)
                return value(cycle, part, t)
            return outside(t)

        return cosine_restarts_times if more else cosine_restarts


def _outside(end: float, first: float, last: float) -> Function:
    """Return the function for what is not in a cycle."""

    def outside(t: float) -> float:
        if end <= t < inf:
            return last
        if -inf < t <= 0.0:
            return first
        raise invalid_position(t)

    return outside
