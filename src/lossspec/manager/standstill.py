"""Finds losses whose schedules wait for a clock that nobody moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.manager.clock import Clock
    from lossspec.manager.loss import LMLoss
    from lossspec.manager.weights import Weights


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

    def without_epochs(self, losses: Iterable[LMLoss], *, ends: bool) -> str:
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
        found = []
        for loss in losses:
            if not self._weights.counts_epochs(loss):
                continue
            before, now = self._ran.get(loss.name, 0), len(loss.training)
            self._ran[loss.name] = before + now
            if (before and now) or (ends and before + now > 1):
                found.append(loss.name)
        return _told(
            found, "epoch, which was never set: call `manager.set_progress(epoch=...)` in each epoch"
        )


def _told(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    verb = "depends" if len(names) == 1 else "depend"
    return f"{', '.join(f'`{name}`' for name in names)} {verb} on the {what}"
