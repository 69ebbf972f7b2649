"""The clock of a run: its epoch, its step, and the fraction of the run that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lossspec.errors import ClockError, LossSpecError
from lossspec.manager.clock.length import RunLength
from lossspec.manager.loss.curve import is_finite_number
from lossspec.scalars import plain_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lossspec.schedules.base import Unit


class Clock:
    """Counts epochs and steps from 0, and calls its followers after each move.

    Attributes:
        epoch: the index of the current epoch; can be fractional.
        step: the number of optimiser steps so far.
        stepped: whether the step was ever counted or set.
        epoch_was_set: whether the epoch was ever set, also if to 0.
    """

    __slots__ = (
        "_each_step",
        "_followers",
        "_is_past_end",
        "_length",
        "epoch",
        "epoch_was_set",
        "step",
        "stepped",
    )

    def __init__(self) -> None:
        self.epoch: float = 0
        self.step = 0
        self._length = RunLength()
        self._is_past_end = False  # found when a schedule asks for the fraction
        self.stepped = False
        self.epoch_was_set = False
        self._followers: dict[Callable[[], None], set[Unit]] = {}
        self._each_step: list[Callable[[], None]] | None = None  # found when a step is counted

    def __getstate__(self) -> dict[str, object]:
        """Return the state of a copy: its followers are the parts of another manager."""
        kept = {name: getattr(self, name) for name in self.__slots__}
        return {**kept, "_followers": {}, "_each_step": None}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    @property
    def total_epochs(self) -> float | None:
        """The number of epochs of the run, or None."""
        return self._length.totals.get("total_epochs")

    @property
    def total_steps(self) -> float | None:
        """The number of steps of the run, or None."""
        return self._length.totals.get("total_steps")

    def follow(self, units: Iterable[Unit], callback: Callable[[], None]) -> None:
        """Call ``callback`` after each move of one of ``units``, in the order of the calls of ``follow``."""
        followed = self._followers.setdefault(callback, set())
        followed |= set(units)
        if "fraction" in followed:  # computed from steps or epochs, whichever total is known
            followed |= {"epoch", "step"}
        self._each_step = None

    def tick(self) -> None:
        """Count one optimiser step."""
        self.step += 1
        self.stepped = True
        if self._each_step is None:
            self._each_step = [each for each, units in self._followers.items() if "step" in units]
        _call_all(self._each_step)
        if self._is_past_end:
            self._warn_of_end(stacklevel=5)

    def move(
        self,
        epoch: float | None = None,
        step: int | None = None,
        total_epochs: float | None = None,
        total_steps: int | None = None,
    ) -> None:
        """Set the values that are given, forward or back, then call the followers once.

        Raises:
            ClockError: a value is negative, not finite or not a number; nothing has moved then.
        """
        check_progress(epoch, step, total_epochs, total_steps)
        self._length.set(_known(total_epochs, total_steps))
        self._move(epoch, step)
        self._length.warn_of_other_length(stacklevel=4)

    def restore(
        self, epoch: float, step: int | None, total_epochs: float | None, total_steps: float | None
    ) -> None:
        """Set checked values of a checkpoint; a length that the caller has set stays."""
        self._length.restore(_known(total_epochs, total_steps))
        self._move(epoch, step or 0)
        self.stepped = step is not None
        self._length.warn_of_other_length(stacklevel=5)

    def _move(self, epoch: float | None, step: int | None) -> None:
        moved: set[Unit] = {"fraction"}
        if epoch is not None:
            self.epoch, self.epoch_was_set = _plain(epoch), True
            moved.add("epoch")
        if step is not None:
            self.step, self.stepped = int(step), True
            moved.add("step")
        _call_all([callback for callback, units in self._followers.items() if units & moved])
        if self._is_past_end:
            self._warn_of_end(stacklevel=6)

    def _warn_of_end(self, stacklevel: int) -> None:
        self._is_past_end = False
        name, position = ("total_steps", self.step) if self.total_steps else ("total_epochs", self.epoch)
        self._length.warn_of_end(name, position, stacklevel)

    def forward(self, epoch: float) -> None:
        """Move to ``epoch`` if it is later than the current one.

        Raises:
            ClockError: it is not a number.
        """
        if not epoch <= self.epoch:  # true for NaN, which `move` rejects
            self.move(epoch=epoch)
        self.epoch_was_set = True

    def position(self, unit: Unit) -> float:
        """Return the position in ``unit``, the t of a schedule.

        Raises:
            ClockError: ``unit`` is "fraction", and neither total is known.
        """
        if unit == "epoch":
            return self.epoch
        if unit == "step":
            return self.step
        totals = self._length.totals
        if totals:
            steps = totals.get("total_steps")
            found = self.epoch / totals["total_epochs"] if steps is None else self.step / steps
            if found > 1.0:
                self._is_past_end = True
            return found
        raise ClockError(
            "a schedule with the unit `fraction` needs the length of the run: call "
            "`manager.set_progress(total_steps=...)` or `manager.set_progress(total_epochs=...)` first"
        )

    def counts_steps(self, unit: Unit) -> bool:
        """Return whether the position in ``unit`` comes from the step; else it comes from the epoch."""
        return unit == "step" or (unit == "fraction" and self.total_steps is not None)


def check_progress(
    epoch: Any = None, step: Any = None, total_epochs: Any = None, total_steps: Any = None
) -> None:
    """Check values that a clock is to be set to; None is always valid.

    Raises:
        ClockError: a value is negative, not finite or not a number, or a step is not a whole number.
    """
    for name, value in (("epoch", epoch), ("step", step)):
        if value is not None and not (is_finite_number(value) and value >= 0):
            raise ClockError(f"`{name}` must be a number of at least 0, got {value!r}")
    for name, value in (("total_epochs", total_epochs), ("total_steps", total_steps)):
        if value is not None and not (is_finite_number(value) and value > 0):
            raise ClockError(f"`{name}` must be a number above 0, got {value!r}")
    if step is not None and step != int(step):
        raise ClockError(f"`step` must be a whole number, got {step!r}")


def _known(total_epochs: Any, total_steps: Any) -> dict[str, float]:
    """Return the lengths that are given."""
    totals = {"total_epochs": total_epochs, "total_steps": total_steps}
    return {name: _plain(value) for name, value in totals.items() if value is not None}


def _plain(value: Any) -> float:
    """Return a Python number: NumPy's cannot be loaded with ``weights_only=True``."""
    found = plain_number(value)
    return found if isinstance(found, int) else float(value)


def _call_all(callbacks: Iterable[Callable[[], None]]) -> None:
    """Call all followers, also if one raises, then raise the first error."""
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
            del first  # a cycle of error and frame would keep the caller's objects alive
