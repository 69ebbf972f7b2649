"""Schedules that jump and hold: each boundary belongs to the new value."""

from __future__ import annotations

from bisect import bisect_right
from math import inf
from math import pow as power_of  # of floats, and a float: `**` may be complex
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, bad_position
from lossspec.schedules.fault import ScheduleFault, shown
from lossspec.schedules.growth import NEARLY, growth_limit, outgrown, rate_of
from lossspec.schedules.interval import one_more, rising
from lossspec.schedules.kinds import Number, array, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen(kw_only=True)
class step(Schedule):
    """A factor at every full period.

        start_value * gamma^floor(t / period)

    ``start_value`` before 0.

    Attributes:
        start_value: the value in the first period.
        gamma: what each period multiplies it by; at least 0.
        period: how long it holds; above 0.

    Source: ``torch.optim.lr_scheduler.StepLR``.

    >>> drop = step(start_value=1.0, gamma=0.5, period=10)
    >>> drop(9), drop(10), drop(20)
    (1.0, 0.5, 0.25)
    """

    start_value: float = field(metadata=number("the value in the first period"))
    gamma: float = field(metadata=number("what each period multiplies the value by", least=0))
    period: float = field(metadata=number("how long it holds", above=0))

    def curve(self) -> Function:
        first, period, gamma = self.start_value, self.period, rate_of(self.gamma, self.start_value)
        most = growth_limit(first, gamma)
        beyond = outgrown(self, first)

        def step(t: float) -> float:
            periods = t / period
            if 0.0 <= periods < most:
                return first * power_of(gamma, (periods + NEARLY) // 1.0)
            if -inf < periods < 0.0:
                return first
            return beyond(t)

        return step


@frozen(kw_only=True)
class multistep(Schedule):
    """A factor at every milestone.

        start_value * gamma^n,    n = how many milestones are at or before t

    Attributes:
        start_value: the value before the first milestone.
        gamma: what each milestone multiplies it by; at least 0.
        milestones: where; in rising order. One that stands twice counts twice.

    Source: ``torch.optim.lr_scheduler.MultiStepLR``.

    >>> drop = multistep(start_value=1.0, gamma=0.5, milestones=[2, 5, 5])
    >>> drop(1), drop(2), drop(5)
    (1.0, 0.5, 0.125)
    """

    start_value: float = field(metadata=number("the value before the first milestone"))
    gamma: float = field(metadata=number("what each milestone multiplies the value by", least=0))
    milestones: Sequence[float] = field(
        metadata=array(
            "where it is multiplied, in rising order", Number("a position"), otherwise="`constant`"
        )
    )

    def problems(self) -> Iterator[ScheduleFault]:
        """Yield a fault for milestones out of order, or a growth that no float holds."""
        yield from rising("milestones", self.milestones, strictly=False)
        if len(self.milestones) > growth_limit(self.start_value, self.gamma):
            message = f"`gamma` is {shown(self.gamma)}: after {len(self.milestones)} milestones beyond 1e300"
            yield ScheduleFault(("gamma",), message, "write a smaller factor", "out-of-range")

    def curve(self) -> Function:
        milestones = self.milestones
        gamma = rate_of(self.gamma, self.start_value)
        values = [self.start_value * gamma**passed for passed in range(len(milestones) + 1)]

        def multistep(t: float) -> float:
            if t - t:  # NaN, as of infinity
                raise bad_position(t)
            return values[bisect_right(milestones, t)]

        return multistep


@frozen(kw_only=True)
class piecewise_constant(Schedule):
    """One value after another.

        values[n],    n = how many boundaries are at or before t

    Attributes:
        values: the values in turn.
        boundaries: where each but the first begins; rising, one fewer than ``values``.

    Source: ``optax.piecewise_constant_schedule``. keras keeps the old value at a boundary: its boundaries
    are ours minus 1.

    >>> phases = piecewise_constant(values=[1.0, 0.1, 0.0], boundaries=[100, 150])
    >>> phases(99), phases(100), phases(150)
    (1.0, 0.1, 0.0)
    """

    values: Sequence[float] = field(
        metadata=array("the values in turn", Number("a value"), least=2, otherwise="`constant`")
    )
    boundaries: Sequence[float] = field(
        metadata=array("where each value but the first begins, rising", Number("a position"))
    )

    def problems(self) -> Iterator[ScheduleFault]:
        """Yield a fault for a boundary too many or too few, or out of order."""
        yield from one_more("values", self.values, "boundaries", self.boundaries)
        yield from rising("boundaries", self.boundaries)

    def curve(self) -> Function:
        values, boundaries = self.values, self.boundaries

        def piecewise_constant(t: float) -> float:
            if t - t:  # NaN, as of infinity
                raise bad_position(t)
            return values[bisect_right(boundaries, t)]

        return piecewise_constant
