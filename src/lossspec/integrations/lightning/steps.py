"""Counts the optimiser steps of a Lightning run, which move the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.optim import Optimizer

from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning.pytorch import Trainer
    from torch.utils.hooks import RemovableHandle


class Steps:
    """The number of optimiser steps of a run.

    With one optimiser it is ``trainer.global_step``. With several, under manual optimisation, each batch in
    which any of them stepped is one step; or only the steps of one of them count, each at once.

    Args:
        optimizer: the index of the optimiser whose steps count; None for any.
        move: called with the number whenever it changes.

    Attributes:
        count: the number of steps so far; None before the run.

    Raises:
        LossSpecError: the index is not a whole number of at least 0.
    """

    def __init__(self, optimizer: int | None, move: Callable[[int], None]) -> None:
        if optimizer is not None and (type(optimizer) is not int or optimizer < 0):
            raise LossSpecError(f"`optimizer` must be an index, 0 or more, got {optimizer!r}")
        self._optimizer = optimizer
        self._move = move
        self._hook: RemovableHandle | None = None
        self._before = 0
        self._follows_trainer = True
        self.count: int | None = None

    def start(self, trainer: Trainer) -> int:
        """Return the number of steps at the start of a run, and count from now on.

        Raises:
            LossSpecError: the trainer has no optimiser of this index.
        """
        optimizers = trainer.optimizers
        wanted = 0 if self._optimizer is None and len(optimizers) == 1 else self._optimizer
        if wanted is not None and wanted >= len(optimizers):
            raise LossSpecError(
                f"`optimizer` must be the index of one of {len(optimizers)} optimizers, got {wanted}"
            )
        self._follows_trainer = len(optimizers) == 1
        if self._follows_trainer:
            self.count = trainer.global_step
        elif self.count is None:
            self.count = trainer.fit_loop.total_batch_idx + 1 if trainer.global_step else 0
        if wanted is not None and not trainer.lightning_module.automatic_optimization:
            chosen = optimizers[wanted]
            if isinstance(chosen, Optimizer):
                self._hook = chosen.register_step_post_hook(lambda *_: self._advance())
        return self.count

    def begin_batch(self, trainer: Trainer) -> None:
        """Remember where a batch begins."""
        self._before = trainer.global_step

    def end_batch(self, trainer: Trainer) -> None:
        """Count what the batch has done."""
        if self._follows_trainer:
            if self.count != trainer.global_step:  # under manual optimisation, the hook has counted already
                self.count = trainer.global_step
                self._move(self.count)
        elif self._hook is None and trainer.global_step > self._before:
            self._advance()

    def _advance(self) -> None:
        self.count = (self.count or 0) + 1
        self._move(self.count)

    def stop(self) -> None:
        """Count no more."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None
