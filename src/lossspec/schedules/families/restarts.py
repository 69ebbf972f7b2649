"""Half waves that begin again at the top."""

from __future__ import annotations

from bisect import bisect_right
from math import cos, inf, pi
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, bad_position
from lossspec.schedules.fault import ScheduleFault, shown
from lossspec.schedules.growth import NEARLY, growth_limit, rate_of
from lossspec.schedules.kinds import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen(kw_only=True)
class cosine_restarts(Schedule):
    """Half a cosine wave, again and again (SGDR).

        end_value + (start_value * peak_mult^n - end_value) * (1 + cos(pi (t - t_n) / p_n)) / 2
        p_n = period * period_mult^n,    t_n = p_0 + ... + p_(n-1) <= t

    Cycle n lasts p_n and begins at t_n. These are added up once, when the schedule is made, so a restart
    falls where the sum says and not where a logarithm rounds to. The peak of the first cycle before 0,
    exactly ``end_value`` from the end of the last cycle on.

    Attributes:
        start_value: the peak of the first cycle.
        end_value: the value that each cycle falls to.
        period: how long the first cycle lasts; above 0.
        period_mult: how much longer each cycle is than the one before; at least 1, which it is
            unless given.
        peak_mult: what each restart multiplies the peak by; at least 0, and 1 unless given.
        cycles: how many there are, 1 to 10000.

    Source: ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``; Loshchilov and Hutter 2017,
    https://arxiv.org/abs/1608.03983.

    >>> sgdr = cosine_restarts(start_value=1.0, end_value=0.0, period=10, period_mult=2, cycles=3)
    >>> sgdr(0), sgdr(5), sgdr(10), sgdr(20), sgdr(30), sgdr(70)
    (1.0, 0.5, 1.0, 0.5, 1.0, 0.0)
    """

    start_value: float = field(metadata=number("the peak of the first cycle"))
    end_value: float = field(metadata=number("the value that each cycle falls to"))
    period: float = field(metadata=number("how long the first cycle lasts", above=0))
    period_mult: float = field(
        default=1.0, metadata=number("how much longer each cycle is than the one before", least=1)
    )
    peak_mult: float = field(
        default=1.0, metadata=number("what each restart multiplies the peak by", least=0)
    )
    cycles: int = field(metadata=count("how many cycles there are", most=10_000))

    def problems(self) -> Iterator[ScheduleFault]:
        """Yield a fault for cycles that grow beyond what a float holds."""
        for name, first, mult in (
            ("period_mult", self.period, self.period_mult),
            ("peak_mult", self.start_value, self.peak_mult),
        ):
            if self.cycles > growth_limit(first, mult):
                message = f"`{name}` is {shown(mult)}: after {self.cycles} cycles beyond 1e300"
                yield ScheduleFault(
                    (name,), message, "write a smaller factor, or fewer `cycles`", "out-of-range"
                )

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
            raise bad_position(t)

        return cosine_restarts
