"""Finds losses whose schedules depend on a clock that never moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss


class UnmovedClock:
    """Checks at each flush whether losses ran with a clock that their schedules need and nobody moves.

    Args:
        clock: the manager's clock.
        weights: the manager's weights, which know the units of each loss.
    """

    def __init__(self, clock: Clock, weights: Weights) -> None:
        self._clock = clock
        self._weights = weights
        self._rows: dict[str, int] = {}

    def missing_steps(self, losses: Iterable[LMLoss]) -> str:
        """Return a message about losses that need steps, if no step was counted; else ""."""
        if self._clock.stepped:
            return ""
        found = [loss.name for loss in losses if len(loss.training) > 1 and self._weights.needs_steps(loss)]
        return _message(found, "step, which never moved: call `manager.step()` after each optimiser step")

    def missing_epochs(self, losses: Sequence[LMLoss], *, ends: bool) -> str:
        """Return a message about losses that need epochs, if no epoch was set; else "".

        One flush is not enough to tell: it can be in the first epoch of a loop that sets the epoch at the
        end of each. A second flush is, and so is the end of the run.

        Args:
            losses: all losses of the manager, before the flush takes their rows.
            ends: whether this is the last flush. A run that ends by an error may not have set the epoch yet.
        """
        if self._clock.epoch_was_set:
            return ""
        ends = ends and sys.exc_info()[0] is None
        rows: dict[str, int] = {}
        for loss in losses:
            rows[_group(loss)] = max(rows.get(_group(loss), 0), len(loss.training))
        unmoved = {
            group
            for group, now in rows.items()
            if (self._rows.get(group) and now) or (ends and self._rows.get(group, 0) + now > 1)
        }
        for group, now in rows.items():
            self._rows[group] = self._rows.get(group, 0) + now
        found = [loss.name for loss in losses if _group(loss) in unmoved and self._weights.needs_epochs(loss)]
        return _message(
            found, "epoch, which was never set: call `manager.set_progress(epoch=...)` in each epoch"
        )


def _group(loss: LMLoss) -> str:
    """Return the group whose rows count as this loss having run: its objective, else itself.

    A term that is skipped at weight 0 has no rows of its own.
    """
    return loss.name if loss.objective is None else f"objective {loss.objective}"


def _message(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    verb = "depends" if len(names) == 1 else "depend"
    return f"{', '.join(f'`{name}`' for name in names)} {verb} on the {what}"
