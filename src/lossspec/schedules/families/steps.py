"""Step schedules: at a boundary, the new value holds."""

from __future__ import annotations

from bisect import bisect_right
from math import inf
from math import pow as power_of  # always a float, where `**` can be complex
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.error import shown
from lossspec.schedules.growth import NEARLY, growth_limit, outgrown, rate_of
from lossspec.schedules.interval import one_fewer, rising
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
        gamma: the factor at each period; at least 0.
        period: the length of a period; above 0.

    Source: ``torch.optim.lr_scheduler.StepLR``.

    >>> drop = step(start_value=1.0, gamma=0.5, period=10)
    >>> drop(9), drop(10), drop(20)
    (1.0, 0.5, 0.25)
    """

    start_value: float = field(metadata=number("the value in the first period"))
    gamma: float = field(metadata=number("the factor at each period", least=0))
    period: float = field(metadata=number("the length of a period", above=0))

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

        start_value * gamma^n,    n = the number of milestones at or before t

    Attributes:
        start_value: the value before the first milestone.
        gamma: the factor at each milestone; at least 0.
        milestones: the positions, in rising order; a repeated one counts twice.

    Source: ``torch.optim.lr_scheduler.MultiStepLR``.

    >>> drop = multistep(start_value=1.0, gamma=0.5, milestones=[2, 5, 5])
    >>> drop(1), drop(2), drop(5)
    (1.0, 0.5, 0.125)
    """

    start_value: float = field(metadata=number("the value before the first milestone"))
    gamma: float = field(metadata=number("the factor at each milestone", least=0))
    milestones: Sequence[float] = field(
        metadata=array(
            "where the value is multiplied, in rising order", Number("a position"), otherwise="`constant`"
        )
    )

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for each milestone out of order, and for growth beyond the range of floats."""
        yield from rising("milestones", self.milestones, strictly=False)
        if len(self.milestones) > growth_limit(self.start_value, self.gamma):
            growth = f"{len(self.milestones)} milestones of factor {shown(self.gamma)} exceed 1e300"
            message = f"`gamma` is too large: {growth}"
            yield Fault("out-of-range", message, ("gamma",), help="write a smaller factor")

    def curve(self) -> Function:
        milestones = self.milestones
        gamma = rate_of(self.gamma, self.start_value)
        values = [self.start_value * gamma**passed for passed in range(len(milestones) + 1)]

        def multistep(t: float) -> float:
            if t - t:  # NaN, or NaN from infinity
                raise invalid_position(t)
            return values[bisect_right(milestones, t)]

        return multistep


@frozen(kw_only=True)
class piecewise_constant(Schedule):
    """One constant value after another.

        values[n],    n = the number of boundaries at or before t

    Attributes:
        values: the values in order.
        boundaries: where each except the first begins; rising, one fewer than ``values``.

    Source: ``optax.piecewise_constant_schedule``. keras keeps the old value at a boundary: its boundaries
    are ours minus 1.

    >>> phases = piecewise_constant(values=[1.0, 0.1, 0.0], boundaries=[100, 150])
    >>> phases(99), phases(100), phases(150)
    (1.0, 0.1, 0.0)
    """

    values: Sequence[float] = field(
        metadata=array("the values in order", Number("a value"), least=2, otherwise="`constant`")
    )
    boundaries: Sequence[float] = field(
        metadata=array("where each value except the first begins, in rising order", Number("a position"))
    )

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for the wrong number of boundaries, and for each out of order."""
        yield from one_fewer("boundaries", self.boundaries, "values", self.values)
        yield from rising("boundaries", self.boundaries)

    def curve(self) -> Function:
        values, boundaries = self.values, self.boundaries

        def piecewise_constant(t: float) -> float:
            if t - t:  # NaN, or NaN from infinity
                raise invalid_position(t)
            return values[bisect_right(boundaries, t)]

        return piecewise_constant
