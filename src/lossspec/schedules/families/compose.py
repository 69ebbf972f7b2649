"""Schedules that combine other schedules: in sequence, or multiplied."""

from __future__ import annotations

import math
from bisect import bisect_right
from math import inf
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.faults import Fault
from lossspec.schedules.base import Function, Schedule, child, children, invalid_position
from lossspec.schedules.error import ScheduleError, shown
from lossspec.schedules.interval import one_fewer, rising
from lossspec.schedules.kinds import Number, array, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen(kw_only=True)
class warmup(Schedule):
    """A straight line up to where another schedule begins, then that schedule.

        start_value + (then(0) - start_value) * t / over    t < over
        then(t - over)                                      t >= over

    ``start_value`` before 0.

    Attributes:
        over: how long it warms up; above 0.
        then: the schedule that follows; it sees ``t - over``.
        start_value: the value at 0; 0 unless given.

    Source: ``optax.warmup_cosine_decay_schedule`` for any schedule; the line ends at the value that
    ``then`` has at its own 0, as in detectron2.

    >>> from lossspec.schedules import cosine
    >>> rise = warmup(over=4, then=cosine(start=0, end=10, start_value=1.0, end_value=0.1))
    >>> rise(0), rise(3), rise(4), rise(14)
    (0.0, 0.75, 1.0, 0.1)
    """

    over: float = field(metadata=number("how long it warms up", above=0))
    start_value: float = field(default=0.0, metadata=number("the value at 0"))
    then: Schedule = field(metadata=child("the schedule that follows; it sees t minus `over`"))

    def curve(self) -> Function:
        over, first, then = self.over, self.start_value, self.then.__call__
        rise = then(0.0) - first

        def warmup(t: float) -> float:
            part = t / over
            if 0.0 < part < 1.0:
                return first + rise * part
            if 1.0 <= part < inf:
                return then(t - over)
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return warmup


@frozen(kw_only=True)
class join(Schedule):
    """One schedule after another, each with its own clock.

        schedules[n](t - the boundary where it begins),    n = how many boundaries are at or before t

    A boundary belongs to the schedule that begins there.

    Attributes:
        schedules: the schedules in order; each sees t minus the boundary where it begins.
        boundaries: where each except the first begins; above 0, rising, one fewer than ``schedules``.

    Source: ``optax.join_schedules``.

    >>> from lossspec.schedules import constant, linear
    >>> up = linear(start=0, end=4, start_value=0.0, end_value=1.0)
    >>> peak = join(schedules=[up, constant(value=1.0), constant(value=0.5)], boundaries=[4, 8])
    >>> peak(2), peak(4), peak(8)
    (0.5, 1.0, 0.5)
    """

    schedules: Sequence[Schedule] = field(metadata=children("the schedules in order", least=2))
    boundaries: Sequence[float] = field(
        metadata=array("where each schedule except the first begins", Number("a position", above=0))
    )

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for the wrong number of boundaries, and for each out of order."""
        yield from one_fewer("boundaries", self.boundaries, "schedules", self.schedules)
        yield from rising("boundaries", self.boundaries)

    def curve(self) -> Function:
        functions = tuple(each.__call__ for each in self.schedules)
        boundaries, begins = self.boundaries, (0.0, *self.boundaries)

        def join(t: float) -> float:
            turn = bisect_right(boundaries, t)
            return functions[turn](t - begins[turn])

        return join


@frozen(kw_only=True)
class product(Schedule):
    """The product of schedules, all at the same t.

        schedules[0](t) * schedules[1](t) * ...

    Attributes:
        schedules: the schedules, at least one.

    Source: ``torch.optim.lr_scheduler.ChainedScheduler``.

    >>> from lossspec.schedules import linear, window
    >>> fade = linear(start=0, end=10, start_value=1.0, end_value=0.0)
    >>> late = product(schedules=[fade, window(value=8.0, start=5)])
    >>> late(4), late(5)
    (0.0, 4.0)
    """

    schedules: Sequence[Schedule] = field(metadata=children("the schedules that are multiplied", least=1))

    def curve(self) -> Function:
        functions = tuple(each.__call__ for each in self.schedules)

        def product(t: float) -> float:
            value = 1.0
            for function in functions:
                value *= function(t)
            if math.isfinite(value):
                return value
            message = f"the product at t = {shown(t)} is {value}"
            help_ = "add a `maximum` to each of `schedules`"
            raise ScheduleError([Fault("out-of-range", message, (), help=help_)])

        return product
