"""Keeps every weight where the clock says: computed when it moves, a plain float in between."""

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
    """The weights of a manager's losses and objectives, and their scheduled arguments.

    Args:
        clock: what the schedules are called with.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._units: dict[str, set[Unit]] = {}
        self._blocked: dict[str, LossSpecError] = {}
        self._on_change: list[Callable[[], None]] = []

    def add(self, losses: Iterable[LMLoss], scale: float | Curve = 1.0) -> None:
        """Weigh ``losses``, the terms of one objective with the weight ``scale``, from now on."""
        for loss in losses:
            curve = scale if callable(scale) else None
            if not callable(scale):
                loss.scale = float(scale)
            units = loss.units() | ({unit_of(curve)} if curve is not None else set())
            self._units[loss.name] = units
            loss.changed = self._changed
            reweigh = self._reweigher(loss, curve)
            reweigh()
            self._clock.follow(units, reweigh)

    def _reweigher(self, loss: LMLoss, scale: Curve | None) -> Callable[[], None]:
        position, blocked = self._clock.position, self._blocked

        def reweigh() -> None:
            try:
                loss.reweigh(position)
                if scale is not None:
                    loss.scale = evaluate(scale, position, f"the weight of the objective `{loss.objective}`")
            except (ClockError, LossResultError) as error:  # whoever runs the loss hears of it
                loss.weight = None
                # Not the error itself: its traceback would keep all that its callers hold.
                blocked[loss.name] = type(error)(str(error))

        return reweigh

    def _changed(self) -> None:
        for callback in self._on_change:
            callback()

    def when_set(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after a weight was set by hand."""
        self._on_change.append(callback)

    def units(self, loss: LMLoss) -> set[Unit]:
        """What moves a loss: the units of its schedules, its objective's included."""
        return self._units[loss.name]

    def counts_steps(self, loss: LMLoss) -> bool:
        """Whether a loss stands still in a run that never counts its steps."""
        every = loss.term is not None and loss.term.every is not None
        return every or any(self._clock.counts_steps(unit) for unit in self._units[loss.name])

    def counts_epochs(self, loss: LMLoss) -> bool:
        """Whether a loss stands still in a run that never sets its epoch."""
        return any(self._clock.counts_epochs(unit) for unit in self._units[loss.name])

    def refusal(self, loss: LMLoss) -> LossSpecError:
        """Return the error for a loss whose weight is not known."""
        why = self._blocked.get(loss.name, ClockError("its schedule failed"))
        return type(why)(f"the weight of `{loss.name}` is not known: {why}")
