"""The Lightning callback that drives managers: clock, validation sections, log, checkpoints and metrics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from lightning.pytorch import Callback
from lightning.pytorch.trainer.states import TrainerFn

from lossspec.errors import CheckpointError, LossSpecError
from lossspec.integrations.counting import count_steps
from lossspec.integrations.lightning.driven import Driven
from lossspec.integrations.lightning.find import managers_in, named
from lossspec.integrations.lightning.length import set_length
from lossspec.integrations.lightning.steps import Steps
from lossspec.integrations.managers import move_losses
from lossspec.integrations.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightning.pytorch import LightningModule, Trainer

    from lossspec.manager.loss_manager import LossManager

#: What a checkpoint has of a manager's clock.
_CLOCK = ("epoch", "step", "total_epochs", "total_steps")


class LossCallback(Callback):
    """Drives the managers of a LightningModule: ``Trainer(callbacks=[LossCallback()])``.

    It finds the managers among the attributes of the module, or takes those that it is given. It moves their
    clocks with the optimiser, tells them the epoch and the length of the run, records each validation
    dataloader in a section of its own, flushes at the end of each epoch, keeps their state in the trainer's
    checkpoints, and logs terms and weights with ``self.log``.

    With several optimisers, under manual optimisation, a batch in which any of them steps is one step.

    Args:
        managers: a manager, several, or several by name; by default those that the module holds.
        optimizer: the index of the optimiser whose steps count, each at once, instead of batches.
        log: whether to log metrics to the loggers of the trainer: every ``log_every_n_steps`` steps the means
            since the last time, ``raw/TERM``, ``weight/TERM`` and ``total/OBJECTIVE``; those of an epoch with
            ``_epoch`` after the name; those of validation with ``SECTION/`` before it. All are means over
            the ranks, from the flush of the log, without further communication.
        prog_bar: whether the progress bar shows them, without the weights.

    Raises:
        LossSpecError: ``managers`` has no manager, or a copy.

    Example:
        >>> from lightning.pytorch import Trainer
        >>> trainer = Trainer(callbacks=[LossCallback()], logger=False, enable_checkpointing=False)
    """

    def __init__(
        self,
        managers: LossManager | Sequence[LossManager] | Mapping[str, LossManager] | None = None,
        *,
        optimizer: int | None = None,
        log: bool = True,
        prog_bar: bool = False,
    ) -> None:
        self._given = None if managers is None else named(managers)
        self._log = log
        self._prog_bar = prog_bar
        self._driven: list[Driven] = []
        self._steps = Steps(optimizer, self._move)
        self._saved: Mapping[str, Any] | None = None
        self._attached = ExitStack()
        self._recording = Recording()
        self._logged_at = self._position = 0

    # The run

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Find the managers, and restore their state from a checkpoint."""
        self._find(pl_module)
        for each in self._driven:
            self._attached.enter_context(each.manager.observed(each.observe))
        if trainer.world_size > 1:  # the values are means over ranks already
            warnings.filterwarnings("ignore", "It is recommended to use `self.log.*(raw|weight|total)/")
        self._restore()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set the clocks, and the length of the run."""
        known = self._steps.count is not None
        step = self._steps.start(trainer)
        if step and not known:
            warnings.warn(
                f"the run continues at step {step}, but the checkpoint has no state of LossCallback: the "
                "clock is set to that step, and weights that were learned or set by hand start again",
                RuntimeWarning,
                stacklevel=2,
            )
        for each in self._driven:
            set_length(each.manager, trainer)
            each.manager.set_progress(step=step)
            each.begin_epoch(trainer.current_epoch)  # a run that resumes in an epoch does not start it
        self._logged_at = self._position = step

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set the epoch."""
        for each in self._driven:
            each.begin_epoch(trainer.current_epoch)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Remember where the batch begins."""
        self._steps.begin_batch(trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the step, and log metrics if it is time."""
        self._steps.end_batch(trainer)
        now, interval = self._steps.count or 0, trainer.log_every_n_steps
        if not interval or now // interval == self._logged_at // interval:
            return
        self._logged_at = now
        if self._log and not trainer.barebones and (trainer.loggers or self._prog_bar):
            self._flush()
            for each in self._driven:
                self._log_all(pl_module, each.step_metrics(), on_step=True, on_epoch=False)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Flush, and log the means of the epoch."""
        self._flush()
        for each in self._driven:
            metrics = each.epoch_metrics()
            if self._log and not trainer.barebones:
                self._log_all(pl_module, metrics, on_step=False, on_epoch=True)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Flush."""
        self._flush()
        self._steps.stop()

    # Validation

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record nothing, and set the length of the run, which schedules may need."""
        for manager in self._managers:
            set_length(manager, trainer)
        self._recording.to_nowhere(self._managers)

    def on_sanity_check_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record again."""
        self._recording.to_training()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Outside of `fit`, compute and record nothing."""
        if trainer.state.fn != TrainerFn.FITTING:
            self._evaluate(pl_module)

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Record to the section of the dataloader."""
        if trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking:
            self._recording.to_section(self._managers, _section_of(trainer.val_dataloaders, dataloader_idx))

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Flush, and log the means of the validation."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        self._flush()
        for each in self._driven:
            metrics = each.validation_metrics()
            if self._log and not trainer.barebones:
                self._log_all(pl_module, metrics, on_step=False, on_epoch=True)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record to training again."""
        if not trainer.sanity_checking:
            self._recording.to_training()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record nothing."""
        self._evaluate(pl_module)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record again."""
        self._recording.to_training()

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record nothing."""
        self._evaluate(pl_module)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record again."""
        self._recording.to_training()

    # The end

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Flush what was recorded, unless other ranks would have to join in."""
        if trainer.world_size == 1:
            try:
                self._flush()
            except LossSpecError as problem:  # the error that ended the run comes first
                exception.add_note(f"and the loss log: {problem}")
        self._release()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Let go of the managers."""
        self._release()

    # Checkpoints

    def state_dict(self) -> dict[str, Any]:
        """Flush, on all ranks, and return the state of the managers."""
        self._flush()
        return {"managers": [each.state_dict() for each in self._driven]} if self._driven else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the managers, now or when they are found."""
        self._saved = state_dict
        if self._driven:
            self._restore()

    def _restore(self) -> None:
        if not self._saved:
            return
        saved, self._saved = self._saved["managers"], None
        if len(saved) != len(self._driven):
            raise CheckpointError(
                f"the checkpoint has the state of {len(saved)} managers, the module has {len(self._driven)}"
            )
        for each, state in zip(self._driven, saved, strict=True):
            each.load_state_dict(state)
        self._steps.count = saved[0]["manager"]["step"] or 0

    # Parts

    @property
    def _managers(self) -> list[LossManager]:
        return [each.manager for each in self._driven]

    def _find(self, module: LightningModule) -> None:
        found = managers_in(module) if self._given is None else self._given
        known = {id(each.manager): each for each in self._driven}
        several = len(found) > 1
        self._driven = [
            known.get(id(each)) or Driven(each, f"{name}/" if several else "") for name, each in found.items()
        ]
        for manager in found.values():
            move_losses(manager, module.device)

    def _evaluate(self, module: LightningModule) -> None:
        """Set the clocks as the checkpoint has them, and record nothing: the log is that of the training."""
        self._find(module)
        saved, self._saved = (self._saved or {}).get("managers", []), None
        for each, state in zip(self._driven, saved, strict=False):
            clock = {
                name: state["manager"][name] for name in ("epoch", "step", "total_epochs", "total_steps")
            }
            each.manager.set_progress(**clock)
        self._recording.to_nowhere(self._managers)

    def _move(self, step: int) -> None:
        for manager in self._managers:
            if step == self._position + 1:
                count_steps(manager, step)
            else:
                manager.set_progress(step=step)
        self._position = step

    def _flush(self) -> None:
        for manager in self._managers:
            manager.update_loss_log()

    def _log_all(
        self, module: LightningModule, metrics: Mapping[str, float], *, on_step: bool, on_epoch: bool
    ) -> None:
        for name, value in metrics.items():
            shown = self._prog_bar and "weight/" not in name
            module.log(name, value, on_step=on_step, on_epoch=on_epoch, prog_bar=shown, batch_size=1)

    def _release(self) -> None:
        self._recording.to_training()
        self._steps.stop()
        self._attached.close()


def _section_of(loaders: object, index: int) -> str:
    """Return the section of a validation dataloader: its name, or its number if there are several."""
    if isinstance(loaders, Mapping):
        return str(list(loaders)[index])
    if isinstance(loaders, (list, tuple)) and len(loaders) > 1:
        return f"validation_{index}"
    return "validation"
