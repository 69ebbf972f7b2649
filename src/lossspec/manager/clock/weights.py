"""The weights of a manager: evaluated when the clock moves, plain floats in between."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

from lossspec.errors import ClockError, LossResultError, LossSpecError
from lossspec.manager.loss.loss import LMLoss
from lossspec.schedules import Schedule, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lossspec.manager.clock.clock import Clock
    from lossspec.schedules.base import Unit

    Alone = tuple[LMLoss, Schedule, float, Callable[[], None]]


#: Without the ``__setattr__`` of attrs, which looks for hooks.
_set_term_weight = vars(LMLoss)["term_weight"].__set__


class Weights:
    """Keeps the term weights, objective weights and scheduled arguments of a manager's losses current.

    Args:
        clock: gives the position at which the schedules are evaluated.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._units: dict[str, set[Unit]] = {}
        self._errors: dict[str, LossSpecError] = {}
        self._callbacks: list[Callable[[], None]] = []
        self._alone: dict[Unit, list[Alone]] = {}

    def __reduce__(self) -> tuple[type[Weights], tuple[Clock]]:
        """Return what makes the weights of a copy; its losses are added again."""
        return Weights, (self._clock,)

    def add(self, losses: Iterable[LMLoss]) -> None:
        """Update the weights of these losses whenever the clock moves, each once."""
        for loss in losses:
            if loss.on_weight_set is None:
                self._units[loss.name] = loss.units()
                loss.on_weight_set = self._weight_set
                update = self._updater(loss)
                update()
                alone = loss.schedule if not loss.live and loss.objective_schedule is None else None
                if isinstance(alone, Schedule) and alone.unit != "fraction":
                    self._follow_alone(loss, alone, update)
                else:
                    self._clock.follow(loss.units(), update)

    def _updater(self, loss: LMLoss) -> Callable[[], None]:
        position, errors = self._clock.position, self._errors

        def update() -> None:
            try:
                loss.update(position)
            except (ClockError, LossResultError) as error:  # raised when the loss is run
                loss.term_weight = None
                # A copy: the traceback of the error itself would keep its callers' frames alive.
                errors[loss.name] = type(error)(str(error))

        return update

    def _follow_alone(self, loss: LMLoss, schedule: Schedule, update: Callable[[], None]) -> None:
        """Evaluate a schedule of ours that is all that moves a loss, at little more than its own cost."""
        unit = schedule.unit or "epoch"
        if unit not in self._alone:
            self._alone[unit] = []
            self._clock.follow([unit], partial(self._move, unit))
        self._alone[unit].append((loss, schedule, loss.gain, update))

    def _move(self, unit: Unit) -> None:
        """Evaluate the schedules that are alone in moving their losses."""
        t = self._clock.step if unit == "step" else self._clock.epoch
        for loss, schedule, gain, update in self._alone[unit]:
            try:
                value = schedule(t)
            except ScheduleError:
                update()  # keeps the error
                continue
            if -inf < value < inf:
                _set_term_weight(loss, value * gain)
            else:
                update()

    def _weight_set(self) -> None:
        for callback in self._callbacks:
            callback()

    def on_weight_set(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after a weight is set by hand."""
        self._callbacks.append(callback)

    def units(self, loss: LMLoss) -> set[Unit]:
        """Return the units of a loss's schedules and of its objective's weight."""
        return self._units[loss.name]

    def needs_steps(self, loss: LMLoss) -> bool:
        """Return whether a loss depends on the step of the clock."""
        every = loss.term is not None and loss.term.every is not None
        return every or any(self._clock.counts_steps(unit) for unit in self._units[loss.name])

    def needs_epochs(self, loss: LMLoss) -> bool:
        """Return whether a loss depends on the epoch of the clock."""
        return any(not self._clock.counts_steps(unit) for unit in self._units[loss.name])

    def weight_error(self, loss: LMLoss) -> LossSpecError:
        """Return the error for a loss whose weight is unknown."""
        cause = self._errors.get(loss.name, ClockError("its schedule failed"))
        return type(cause)(f"the weight of `{loss.name}` is unknown: {cause}")
