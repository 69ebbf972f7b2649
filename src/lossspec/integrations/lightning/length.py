"""The length of a run, as far as a Lightning trainer knows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lightning.pytorch.callbacks import GradientAccumulationScheduler

from lossspec.errors import ClockError
from lossspec.integrations.managers import losses_in_fractions

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from lossspec.manager.loss_manager import LossManager


def length_of(trainer: Trainer) -> dict[str, Any]:
    """Return ``total_epochs`` and ``total_steps``, those that the trainer knows.

    Under manual optimisation it does not know how many batches make a step, so only the epochs are known,
    or ``max_steps`` if there is one optimiser. The same holds if the accumulation changes during the run.

    In the sanity check the epochs are enough, if they are known: to count the steps, the trainer would make
    the training dataloader, which draws random numbers, and Lightning takes back what that check draws.
    """
    found: dict[str, Any] = {}
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        found["total_epochs"] = trainer.max_epochs
        if trainer.sanity_checking:
            return found
    automatic = trainer.lightning_module.automatic_optimization
    steady = not any(isinstance(each, GradientAccumulationScheduler) for each in trainer.callbacks)
    if automatic and steady:
        steps = trainer.estimated_stepping_batches
    else:
        steps = trainer.max_steps if (automatic or len(trainer.optimizers) == 1) and not found else -1
    if 0 < steps < math.inf:
        found["total_steps"] = int(steps)
    return found


def set_length(manager: LossManager, trainer: Trainer) -> None:
    """Set the length of the run, if a schedule of the manager depends on it.

    Raises:
        ClockError: nobody knows the length.
    """
    dependent = losses_in_fractions(manager)
    if dependent:
        manager.set_progress(**length_of(trainer))
    for name, loss in dependent.items():
        if loss.term_weight is None:
            raise ClockError(
                f"`{name}` has a schedule with the unit `fraction`, which needs the length of the run, and "
                "the trainer does not know it: pass `max_epochs` or `max_steps` to the Trainer, or call "
                "`manager.set_progress(total_steps=...)` before `fit`"
            )
