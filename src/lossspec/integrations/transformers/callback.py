"""The callback that drives a manager in the Trainer of transformers: clock, log and checkpoints."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from lossspec.errors import LossSpecError
from lossspec.integrations.managers import losses_in_fractions, move_losses
from lossspec.integrations.transformers.checkpoint import load, save
from lossspec.integrations.transformers.share import batches_in_step
from lossspec.manager.loss_manager import LossManager

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments


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
                f"`manager` must be a LossManager that is not a copy, got {given!r}: make it with "
                "`LossManager.from_spec(...)` in the process that trains"
            )
        self._manager = manager
        self._epoch = 0
        self._outside = ExitStack()
        self._between_steps = ExitStack()

    def on_init_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Record nothing until the training begins."""
        self._pause()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Set the clock and the length of the run; restore the state of a checkpoint."""
        self._outside.close()
        move_losses(self._manager, args.device)
        if state.global_step:
            load(self._manager, args, state)
        self._epoch = int(state.epoch or 0)
        if losses_in_fractions(self._manager):
            self._manager.set_progress(total_steps=state.max_steps)
        self._manager.set_progress(epoch=self._epoch, step=state.global_step)
        self._epoch -= 1  # the first epoch begins after this
        self._validate()

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
        self._between_steps.close()
        batches = _batches(
            args.gradient_accumulation_steps, state.global_step, kwargs.get("train_dataloader")
        )
        for name in self._objectives():
            batches_in_step[self._manager.objective(name)] = batches

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count the step. What comes before the next one is validation."""
        self._manager.step()
        self._validate()

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
        self._between_steps.close()
        self._manager.update_loss_log()
        self._pause()

    def _objectives(self) -> set[str]:
        losses = self._manager.get_registered_losses(strip=False).values()
        return {loss.objective for loss in losses if loss.objective is not None}

    def _validate(self) -> None:
        self._between_steps.close()
        self._between_steps.enter_context(self._manager.validating())

    def _pause(self) -> None:
        self._outside.close()
        self._outside.enter_context(self._manager.unrecorded())


def _batches(accumulated: int, step: int, loader: Any) -> int:
    """Return how many batches a step accumulates: fewer in the last one of an epoch."""
    try:
        in_epoch = len(loader)
    except TypeError:  # a stream has no length
        return accumulated
    steps = -(-in_epoch // accumulated)
    return in_epoch - (steps - 1) * accumulated if (step + 1) % steps == 0 else accumulated
