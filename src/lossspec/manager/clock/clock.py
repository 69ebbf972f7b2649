"""The one clock of a run: epoch, step, and how far along it is."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from lossspec.errors import ClockError, LossSpecError
from lossspec.manager.loss.curve import is_finite_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lossspec.schedules.base import Unit


class Clock:
    """Counts epochs and steps from 0, and tells those who follow when it has moved.

    Attributes:
        epoch: the index of the epoch that runs; may be fractional.
        step: how many optimiser steps were made.
        total_epochs: how many the run has, or None.
        total_steps: how many the run has, or None.
        stepped: whether anything ever moved ``step``.
        epoch_was_set: whether anything ever set ``epoch``, be it to 0.
    """

    __slots__ = (
        "_each_step",
        "_followers",
        "epoch",
        "epoch_was_set",
        "step",
        "stepped",
        "total_epochs",
        "total_steps",
    )

    def __init__(self) -> None:
        self.epoch: float = 0
        self.step = 0
        self.total_epochs: float | None = None
        self.total_steps: float | None = None
        self.stepped = False
        self.epoch_was_set = False
        self._followers: dict[Callable[[], None], set[Unit]] = {}
        self._each_step: list[Callable[[], None]] | None = None  # found when a step is counted

    def follow(self, units: Iterable[Unit], callback: Callable[[], None]) -> None:
        """Call ``callback`` after every move of one of ``units``, in the order in which they were added."""
        followed = self._followers.setdefault(callback, set())
        followed |= set(units)
        if "fraction" in followed:  # it is made of epochs or steps, whichever total is known
            followed |= {"epoch", "step"}
        self._each_step = None

    def tick(self) -> None:
        """Count one optimiser step."""
        self.step += 1
        self.stepped = True
        if self._each_step is None:
            self._each_step = [each for each, units in self._followers.items() if "step" in units]
        _tell(self._each_step)

    def move(
        self,
        epoch: float | None = None,
        step: int | None = None,
        total_epochs: float | None = None,
        total_steps: int | None = None,
    ) -> None:
        """Set what is given, anywhere, then tell the followers once.

        Raises:
            ClockError: a value is negative, not finite, or not a number; nothing has moved then.
        """
        require_progress(epoch, step, total_epochs, total_steps)
        self.total_epochs = self.total_epochs if total_epochs is None else _plain(total_epochs)
        self.total_steps = self.total_steps if total_steps is None else _plain(total_steps)
        moved: set[Unit] = {"fraction"}
        if epoch is not None:
            self.epoch, self.epoch_was_set = _plain(epoch), True
            moved.add("epoch")
        if step is not None:
            self.step, self.stepped = int(step), True
            moved.add("step")
        _tell([callback for callback, units in self._followers.items() if units & moved])

    def forward(self, epoch: float) -> None:
        """Move to ``epoch`` if that is ahead.

        Raises:
            ClockError: it is no number.
        """
        if not epoch <= self.epoch:  # so that NaN is told
            self.move(epoch=epoch)
        self.epoch_was_set = True

    def position(self, unit: Unit) -> float:
        """Return where the clock is, in ``unit``: what a schedule is called with.

        Raises:
            ClockError: the fraction is asked for, and neither total is known.
        """
        if unit == "epoch":
            return self.epoch
        if unit == "step":
            return self.step
        if self.total_steps is not None:
            return self.step / self.total_steps
        if self.total_epochs is not None:
            return self.epoch / self.total_epochs
        raise ClockError(
            "a schedule counts the fraction of the run, and its length is not known: call "
            "`manager.set_progress(total_steps=...)` or `manager.set_progress(total_epochs=...)` first"
        )

    def counts_steps(self, unit: Unit) -> bool:
        """Whether a schedule in ``unit`` stands still in a run that never counts its steps."""
        return unit == "step" or (unit == "fraction" and self.total_steps is not None)

    def counts_epochs(self, unit: Unit) -> bool:
        """Whether a schedule in ``unit`` stands still in a run that never sets its epoch."""
        return unit == "epoch" or (unit == "fraction" and self.total_steps is None)


def require_progress(
    epoch: Any = None, step: Any = None, total_epochs: Any = None, total_steps: Any = None
) -> None:
    """Refuse what is no place on a clock.

    Raises:
        ClockError: a value is negative, not finite, or not a number; a count is not whole.
    """
    for name, value in (("epoch", epoch), ("step", step)):
        if value is not None and not (is_finite_number(value) and value >= 0):
            raise ClockError(f"`{name}` must be a number, 0 or more: it is {value!r}")
    for name, value in (("total_epochs", total_epochs), ("total_steps", total_steps)):
        if value is not None and not (is_finite_number(value) and value > 0):
            raise ClockError(f"`{name}` must be a number above 0: it is {value!r}")
    if step is not None and step != int(step):
        raise ClockError(f"`step` counts whole optimiser steps: it is {step!r}")


def _plain(value: Any) -> float:
    """Return a number of Python's own: NumPy's can't be loaded with ``weights_only=True``."""
    return int(value) if isinstance(value, Integral) else float(value)


def _tell(callbacks: Iterable[Callable[[], None]]) -> None:
    """Call them all, then raise what the first of them raised: no follower stays behind for another."""
    first: LossSpecError | None = None
    for callback in callbacks:
        try:
            callback()
        except LossSpecError as error:
            first = first or error
    if first is not None:
        try:
            raise first
        finally:
            del first  # or it and this frame would keep each other alive, and all that the caller holds
