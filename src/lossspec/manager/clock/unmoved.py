"""Finds losses whose schedules wait for a clock that nobody moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss


class Standstill:
    """Looks, at each flush, for losses that ran and whose schedules stood still.

    Args:
        clock: the manager's clock.
        weights: know what each loss counts.
    """

    def __init__(self, clock: Clock, weights: Weights) -> None:
        self._clock = clock
        self._weights = weights
        self._ran: dict[str, int] = {}

    def without_steps(self, losses: Iterable[LMLoss]) -> str:
        """Return what to tell of the losses that count steps where none was ever counted; "" for none."""
        if self._clock.stepped:
            return ""
        found = [loss.name for loss in losses if len(loss.training) > 1 and self._weights.counts_steps(loss)]
        return _told(found, "step, which never moved: call `manager.step()` after each optimiser step")

    def without_epochs(self, losses: Sequence[LMLoss], *, ends: bool) -> str:
        """Return what to tell of the losses that count epochs where none was ever set; "" for none.

        One flush alone says nothing: it may be within the first epoch of a loop that sets the epoch when
        one is over. A second one does, and so does the end of the run.

        Args:
            losses: those of the manager, before their rows are taken.
            ends: whether this is the last flush. A run that an error ends may not have come to set it.
        """
        if self._clock.epoch_was_set:
            return ""
        ends = ends and sys.exc_info()[0] is None
        rows: dict[str, int] = {}
        for loss in losses:
            rows[_home(loss)] = max(rows.get(_home(loss), 0), len(loss.training))
        still = {
            home
            for home, now in rows.items()
            if (self._ran.get(home) and now) or (ends and self._ran.get(home, 0) + now > 1)
        }
        for home, now in rows.items():
            self._ran[home] = self._ran.get(home, 0) + now
        found = [loss.name for loss in losses if _home(loss) in still and self._weights.counts_epochs(loss)]
        return _told(
            found, "epoch, which was never set: call `manager.set_progress(epoch=...)` in each epoch"
        )


def _home(loss: LMLoss) -> str:
    """Return whose rows say that a loss had its turn: a term that waits at weight 0 has none of its own."""
    return loss.name if loss.objective is None else f"objective {loss.objective}"


def _told(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    verb = "depends" if len(names) == 1 else "depend"
    return f"{', '.join(f'`{name}`' for name in names)} {verb} on the {what}"
