"""Keeps every weight where the clock says: computed when it moves, a plain float in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import ClockError, LossResultError, LossSpecError
from lossspec.manager.loss import LMLoss, evaluate, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lossspec.manager.clock import Clock
    from lossspec.manager.loss import Curve


class Weights:
    """The weights of a manager's losses and objectives, and their scheduled arguments.

    Args:
        clock: what the schedules are called with.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocked: dict[str, LossSpecError] = {}

    def add(self, losses: Iterable[LMLoss], scale: float | Curve = 1.0) -> None:
        """Weigh ``losses``, the terms of one objective with the weight ``scale``, from now on."""
        for loss in losses:
            curve = scale if callable(scale) else None
            loss.scale = 1.0 if callable(scale) else float(scale)
            units = loss.units() | ({unit_of(curve)} if curve is not None else set())
            reweigh = self._reweigher(loss, curve)
            reweigh()
            # The fraction is made of epochs or steps, whichever total is known: it follows both.
            self._clock.follow(units | ({"epoch", "step"} if "fraction" in units else set()), reweigh)

    def _reweigher(self, loss: LMLoss, scale: Curve | None) -> Callable[[], None]:
        position, blocked = self._clock.position, self._blocked

        def reweigh() -> None:
            try:
                loss.reweigh(position)
                if scale is not None:
                    loss.scale = evaluate(scale, position, f"the weight of the objective `{loss.objective}`")
            except (ClockError, LossResultError) as error:  # whoever runs the loss hears of it
                loss.weight = None
                blocked[loss.name] = error

        return reweigh

    def refusal(self, loss: LMLoss) -> LossSpecError:
        """Return the error for a loss whose weight is not known."""
        why = self._blocked.get(loss.name, ClockError("its schedule failed"))
        return type(why)(f"the weight of `{loss.name}` is not known: {why}")
