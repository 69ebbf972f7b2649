"""The constant schedule."""

from __future__ import annotations

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
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
            if t - t:  # NaN, or NaN from infinity
                raise invalid_position(t)
            return value

        return constant
