"""What every weight schedule is: a frozen table of numbers, called with the clock ``t``."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

Unit = Literal["epoch", "step", "fraction"]


@frozen(kw_only=True)
class Schedule:
    """A pure function of one number; its fields are its only state.

    Attributes:
        unit: what ``t`` counts. The outermost schedule of a spec says it; calling ignores it.
        minimum: the value is never below it.
        maximum: the value is never above it.
    """

    unit: Unit | None = field(default=None, metadata={"description": "what t counts"})
    minimum: float | None = field(default=None, metadata={"description": "the value is never below it"})
    maximum: float | None = field(default=None, metadata={"description": "the value is never above it"})

    def __call__(self, t: float) -> float:
        """Return the value at ``t``."""
        raise NotImplementedError
