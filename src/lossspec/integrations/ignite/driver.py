"""What happens to a manager at the events of engines."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ignite.engine import Events

from lossspec.errors import LossSpecError
from lossspec.integrations.counting import count_steps
from lossspec.manager.record.ranks import ranks

if TYPE_CHECKING:
    from ignite.engine import Engine

    from lossspec.manager.loss_manager import LossManager


class Training:
    """Drives a manager at the events of the engine that trains.

    Args:
        manager: the manager.
        steps: how many optimiser steps an iteration makes.
    """

    def __init__(self, manager: LossManager, steps: int) -> None:
        self._manager = manager
        self._steps = steps

    def attach(self, trainer: Engine) -> None:
        """Add the handlers to the engine."""
        trainer.add_event_handler(Events.STARTED, self._start)
        trainer.add_event_handler(Events.EPOCH_STARTED, self._begin_epoch)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        trainer.add_event_handler(Events.TERMINATE, self._terminate)
        trainer.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _start(self, trainer: Engine) -> None:
        for event in (Events.EPOCH_COMPLETED, Events.COMPLETED):  # after those of the user, which evaluate
            if trainer.has_event_handler(self._flush, event):
                trainer.remove_event_handler(self._flush, event)
            trainer.add_event_handler(event, self._flush)
        step = trainer.state.iteration * self._steps
        before = self._manager._clock.step  # noqa: SLF001 - `state_dict` would flush
        if step < before:
            warnings.warn(
                f"the trainer begins at step {step}, which sets the clock of the manager back from step "
                f"{before}: load the state of the trainer too, or make a new manager for a new run",
                RuntimeWarning,
                stacklevel=2,
            )
        self._manager.set_progress(step=step, **self._length(trainer))

    def _length(self, trainer: Engine) -> dict[str, int]:
        """Return the length of the run: its epochs, and its steps once the length of an epoch is known."""
        state = trainer.state
        found: dict[str, int] = {}
        if state.max_epochs is not None:
            found["total_epochs"] = state.max_epochs
            if state.epoch_length is not None:
                found["total_steps"] = state.max_epochs * state.epoch_length * self._steps
        if state.max_iters is not None:
            found["total_steps"] = state.max_iters * self._steps
        return found

    def _begin_epoch(self, trainer: Engine) -> None:
        self._manager.set_progress(epoch=trainer.state.epoch - 1, **self._length(trainer))

    def _step(self, trainer: Engine) -> None:
        count_steps(self._manager, trainer.state.iteration * self._steps, self._steps)

    def _flush(self) -> None:
        self._manager.update_loss_log()

    def _terminate(self, trainer: Engine) -> None:
        if trainer.should_terminate == "skip_completed":  # else `COMPLETED` follows
            self._flush()

    def _fail(self, trainer: Engine, error: BaseException) -> None:
        try:
            if ranks() == 1:
                self._flush()
        except LossSpecError as problem:
            error.add_note(f"and the loss log: {problem}")  # the error that ended the run comes first
        raise_if_alone(trainer, error)


class Evaluation:
    """Records what an engine computes as values of a validation section.

    Args:
        manager: the manager.
        section: the section.
    """

    def __init__(self, manager: LossManager, section: str) -> None:
        self._manager = manager
        self._section = section
        self._active = ExitStack()

    def attach(self, evaluator: Engine) -> None:
        """Add the handlers to the engine."""
        evaluator.add_event_handler(Events.STARTED, self._begin)
        evaluator.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._end)
        evaluator.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _begin(self) -> None:
        self._active.enter_context(self._manager.validating(self._section))

    def _end(self) -> None:
        self._active.close()

    def _fail(self, evaluator: Engine, error: BaseException) -> None:
        self._end()
        raise_if_alone(evaluator, error)


def raise_if_alone(engine: Engine, error: BaseException) -> None:
    """Raise the error of an engine again, as the engine itself does without handlers for it.

    Handlers of the user decide what else happens: ignite asks none of them to raise.
    """
    handlers = engine._event_handlers[Events.EXCEPTION_RAISED]  # noqa: SLF001 - nothing public tells
    ours = (Training, Evaluation)
    if all(isinstance(getattr(each[0], "__self__", None), ours) for each in handlers):
        raise error
