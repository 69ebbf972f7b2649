"""Counts the optimiser steps of a trainer in a manager, whose training loop may count them as well."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from lossspec.manager.loss_manager import LossManager

#: The managers whose training loop was found to count steps, which is said once.
_warned: WeakSet[LossManager] = WeakSet()


def count_steps(manager: LossManager, step: int, steps: int = 1) -> None:
    """Move the clock by so many steps, to the one that the trainer counts.

    A training loop that came from elsewhere may still call ``manager.step()``. Its schedules would move twice
    as fast, so a clock that stands there already is not moved again, and a warning says so once.

    Args:
        manager: the manager.
        step: the number of steps so far, as the trainer counts them.
        steps: how many of them are new.
    """
    now = manager._clock.step  # noqa: SLF001 - `state_dict` would flush
    if now == step - steps:
        for _ in range(steps):
            manager.step()  # with several ranks, it also flushes before a history is full
        return
    if manager not in _warned:
        _warned.add(manager)
        warnings.warn(
            f"the clock of the manager moved to step {now} without the trainer, which counts the steps: "
            "remove `manager.step()` and `set_progress(step=...)` from your code",
            RuntimeWarning,
            stacklevel=2,
        )
    if now != step:
        manager.set_progress(step=step)
