"""Cosine decay with restarts."""

from __future__ import annotations

from bisect import bisect_right
from math import cos, inf, pi
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.error import shown
from lossspec.schedules.growth import NEARLY, growth_limit, rate_of
from lossspec.schedules.kinds import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen(kw_only=True)
class cosine_restarts(Schedule):
    """Cosine decay with warm restarts (SGDR).

        end_value + (start_value * peak_mult^n - end_value) * (1 + cos(pi (t - t_n) / p_n)) / 2
        p_n = period * period_mult^n,    t_n = p_0 + ... + p_(n-1) <= t

    Cycle n lasts p_n and begins at t_n. The sums t_n are computed once, when the schedule is made, so a
    restart is exactly there and not where a logarithm rounds to. The peak of the first cycle before 0,
    exactly ``end_value`` from the end of the last cycle on.

    Attributes:
        start_value: the peak of the first cycle.
        end_value: the value that each cycle falls to.
        period: the length of the first cycle; above 0.
        period_mult: the factor of the length from cycle to cycle; at least 1, and 1 unless given.
        peak_mult: the factor of the peak from cycle to cycle; at least 0, and 1 unless given.
        cycles: the number of cycles, 1 to 10000.

    Source: ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``; Loshchilov and Hutter 2017,
    https://arxiv.org/abs/1608.03983.

    >>> sgdr = cosine_restarts(start_value=1.0, end_value=0.0, period=10, period_mult=2, cycles=3)
    >>> sgdr(0), sgdr(5), sgdr(10), sgdr(20), sgdr(30), sgdr(70)
    (1.0, 0.5, 1.0, 0.5, 1.0, 0.0)
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
    cycles: int = field(metadata=count("the number of cycles", most=10_000))

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for cycles that grow beyond the range of floats."""
        for name, first, mult in (
            ("period_mult", self.period, self.period_mult),
            ("peak_mult", self.start_value, self.peak_mult),
        ):
            if self.cycles > growth_limit(first, mult):
                message = f"`{name}` is too large: {self.cycles} cycles of factor {shown(mult)} exceed 1e300"
                help_ = "write a smaller factor, or fewer `cycles`"
                yield Fault("out-of-range", message, (name,), help=help_)

    def curve(self) -> Function:
        first, last = self.start_value, self.end_value
        peak_mult, nearly = rate_of(self.peak_mult, first), NEARLY * self.period
        falls, periods, begins = [], [], [0.0]
        for cycle in range(self.cycles):
            falls.append(first * peak_mult**cycle - last)
            periods.append(self.period * self.period_mult**cycle)
            begins.append(begins[-1] + periods[-1])
        end = begins.pop()

        def cosine_restarts(t: float) -> float:
            if 0 < t < end:
                cycle = bisect_right(begins, t + nearly) - 1
                return last + falls[cycle] * (0.5 + 0.5 * cos(pi * (t - begins[cycle]) / periods[cycle]))
            if end <= t < inf:
                return last
            if -inf < t <= 0:
                return first
            raise invalid_position(t)

        return cosine_restarts
