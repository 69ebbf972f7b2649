"""The schedule that never moves."""

from __future__ import annotations

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, bad_position
from lossspec.schedules.kinds import number


@frozen(kw_only=True)
class constant(Schedule):
    """The same value at every t.

    Attributes:
        value: the value.

    Source: ``optax.constant_schedule``.

    >>> constant(value=2.5)(1000)
    2.5
    """

    value: float = field(metadata=number("the value"))

    def curve(self) -> Function:
        value = self.value

        def constant(t: float) -> float:
            if t - t:  # NaN, as of infinity
                raise bad_position(t)
            return value

        return constant
