"""The weights of a manager: evaluated when the clock moves, plain floats in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import ClockError, LossResultError, LossSpecError
from lossspec.manager.loss.curve import Curve, evaluate, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.schedules.base import Unit


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

    def add(self, losses: Iterable[LMLoss], objective_weight: float | Curve = 1.0) -> None:
        """Update the weights of these losses, the terms of one objective, whenever the clock moves."""
        for loss in losses:
            schedule = objective_weight if callable(objective_weight) else None
            if not callable(objective_weight):
                loss.objective_weight = float(objective_weight)
            units = loss.units() | ({unit_of(schedule)} if schedule is not None else set())
            self._units[loss.name] = units
            loss.on_weight_set, loss.registered_weight = self._weight_set, loss.loss_weight
            update = self._updater(loss, schedule)
            update()
            self._clock.follow(units, update)

    def _updater(self, loss: LMLoss, objective_schedule: Curve | None) -> Callable[[], None]:
        position, errors = self._clock.position, self._errors

        def update() -> None:
            try:
                loss.update(position)
                if objective_schedule is not None:
                    what = f"the weight of the objective `{loss.objective}`"
                    loss.objective_weight = evaluate(objective_schedule, position, what)
            except (ClockError, LossResultError) as error:  # raised when the loss is run
                loss.term_weight = None
                # A copy: the traceback of the error itself would keep its callers' frames alive.
                errors[loss.name] = type(error)(str(error))

        return update

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
