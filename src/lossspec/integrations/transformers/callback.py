"""The callback that drives a manager in the Trainer of transformers: clock, log and checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from transformers import TrainerCallback

from lossspec.errors import LossSpecError
from lossspec.integrations.counting import count_steps
from lossspec.integrations.managers import losses_in_fractions, move_losses, objectives_of
from lossspec.integrations.recording import Recording
from lossspec.integrations.transformers.checkpoint import load, save
from lossspec.integrations.transformers.share import batches_in_step
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss_manager import LossManager

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

    from lossspec.manager.objective.objective import Objective

#: The control of the Trainer that a manager belongs to: one object for each Trainer.
_trainers: WeakKeyDictionary[LossManager, TrainerControl] = WeakKeyDictionary()


class LossCallback(TrainerCallback):
    """Drives a manager in ``Trainer(callbacks=[LossCallback(manager)])``.

    It moves the clock with ``state.global_step``, tells the manager the epoch and the length of the run, and
    flushes at the end of each epoch and of the training. The state of the manager is in each checkpoint, in
    the file ``lossspec.pt``, and ``resume_from_checkpoint`` restores it. Evaluations during the training are
    in the section "validation". Outside of ``train()`` nothing is recorded.

    Args:
        manager: the manager.

    Raises:
        LossSpecError: it is not a LossManager, or a copy.

    Example:
        >>> from lossspec import LossManager
        >>> callback = LossCallback(LossManager())
    """

    def __init__(self, manager: LossManager) -> None:
        given: object = manager
        if not isinstance(given, LossManager) or manager.is_copy:
            raise LossSpecError(
                f"`manager` must be a LossManager that is not a copy, got {describe(given)}: make it "
                "with `LossManager.from_spec(...)` in the process that trains"
            )
        self._manager = manager
        self._objectives: list[Objective] = []
        self._epoch = 0
        self._recording = Recording()

    def on_init_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Record nothing until the training begins.

        Raises:
            LossSpecError: another callback of this Trainer has the same manager.
        """
        if _trainers.get(self._manager) is control:
            raise LossSpecError(
                "two LossCallbacks of this Trainer have the same manager, and would count each step: "
                "pass one of them"
            )
        _trainers[self._manager] = control
        self._recording.to_nowhere([self._manager])

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Set the clock and the length of the run; restore the state of a checkpoint."""
        move_losses(self._manager, args.device)
        self._objectives = objectives_of(self._manager)
        if state.global_step:
            load(self._manager, args, state)
        self._epoch = int(state.epoch or 0)
        if losses_in_fractions(self._manager):
            self._manager.set_progress(total_steps=state.max_steps)
        self._manager.set_progress(epoch=self._epoch, step=state.global_step)
        self._epoch -= 1  # the first epoch begins after this
        self._recording.to_section([self._manager], "validation")

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Set the epoch."""
        self._epoch += 1
        self._manager.set_progress(epoch=self._epoch)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Record to training, and note how many batches the step accumulates."""
        self._recording.to_training()
        batches = _batches(
            args.gradient_accumulation_steps, state.global_step, kwargs.get("train_dataloader")
        )
        for objective in self._objectives:
            batches_in_step[objective] = batches

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count the step. What comes before the next one is validation."""
        count_steps(self._manager, state.global_step)
        self._recording.to_section([self._manager], "validation")

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Flush."""
        self._manager.update_loss_log()

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Flush, on all ranks, and save the state of the manager."""
        self._manager.update_loss_log()
        save(self._manager, args, state)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Flush, and record nothing more."""
        self._manager.update_loss_log()
        self._recording.to_nowhere([self._manager])


def _batches(accumulated: int, step: int, loader: Any) -> int:
    """Return how many batches a step accumulates: fewer in the last one of an epoch."""
    try:
        in_epoch = len(loader)
    except TypeError:  # a stream has no length
        return accumulated
    steps = -(-in_epoch // accumulated)
    return in_epoch - (steps - 1) * accumulated if (step + 1) % steps == 0 else accumulated
