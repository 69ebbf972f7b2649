"""Attaches a manager to the engines that train and evaluate, after it has checked them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from ignite.engine import Engine

from lossspec.errors import LossSpecError
from lossspec.integrations.ignite.driver import Evaluation, Training
from lossspec.log.format import RESERVED
from lossspec.manager.loss.curve import is_count
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss_manager import LossManager
from lossspec.names import is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The managers of each trainer.
_attached: WeakKeyDictionary[Engine, WeakSet[LossManager]] = WeakKeyDictionary()


def attach(
    manager: LossManager,
    trainer: Engine,
    evaluators: Mapping[str, Engine] | None = None,
    steps_per_iteration: int = 1,
) -> None:
    """Have engines move the clock of a manager, tell it the length of the run, and flush its log.

    Inside iteration k of the trainer, counted from 0, the clock is at step k times ``steps_per_iteration``;
    after the iteration it is at the next step. The log is flushed at the end of each epoch and of the run,
    after all handlers that you attached, also if the run is terminated. If it raises, a single process
    flushes; several do not, since the error may be of one of them only. All processes that train together
    must run the engines alike.

    Attach the manager before your own handlers: those of ``Events.ITERATION_COMPLETED`` then find the clock
    after the step. A manager is saved and loaded like the engine: ``Checkpoint({"trainer": trainer, "losses":
    manager}, ...)``.

    Args:
        manager: the manager. Several can be attached to one trainer, each once.
        trainer: the engine that trains.
        evaluators: the engines that evaluate, by validation section: what they compute is recorded as
            ``with manager.validating(name)`` does.
        steps_per_iteration: how many optimiser steps an iteration makes, such as 2 for a GAN whose generator
            and discriminator both step.

    Raises:
        LossSpecError: an argument is something else, or the manager is already attached to this trainer.

    Example:
        >>> import torch
        >>> from ignite.engine import Engine
        >>> from lossspec import LossManager
        >>> manager = LossManager()
        >>> manager.register_loss_fn("l1", torch.nn.L1Loss())
        >>> trainer = Engine(lambda engine, x: manager.compute_loss("l1", x, torch.zeros_like(x)).item())
        >>> attach(manager, trainer)
        >>> state = trainer.run([torch.ones(2)] * 3, max_epochs=2)
        >>> manager.state_dict()["step"], manager.state_dict()["epoch"]
        (6, 1)
    """
    _require_manager(manager)
    _require_engine("`trainer`", trainer)
    evaluators = evaluators or {}
    for name, evaluator in evaluators.items():
        if not is_name(str(name)) or name in RESERVED:
            raise LossSpecError(
                f"a name in `evaluators` must be a valid section, such as `unseen`, got {name!r}: use "
                f"letters, digits and `_`, and not {' or '.join(f'`{each}`' for each in RESERVED)}"
            )
        _require_engine(f"the evaluator `{name}`", evaluator)
        same = next((other for other, each in evaluators.items() if each is evaluator), name)
        if same != name:
            raise LossSpecError(
                f"the evaluators `{same}` and `{name}` are one engine: make an engine for each section, so "
                "that their values stay apart"
            )
        if evaluator is trainer:
            raise LossSpecError(f"the evaluator `{name}` is the trainer: make an engine that only evaluates")
    if not is_count(steps_per_iteration):
        raise LossSpecError(
            f"`steps_per_iteration` must be a whole number of at least 1, got {steps_per_iteration!r}"
        )
    known = _attached.setdefault(trainer, WeakSet())
    if manager in known:
        raise LossSpecError("the manager is already attached to this trainer: each step would count twice")
    known.add(manager)
    Training(manager, steps_per_iteration).attach(trainer)
    for name, evaluator in evaluators.items():
        Evaluation(manager, name).attach(evaluator)


def _require_manager(manager: object) -> None:
    if not isinstance(manager, LossManager):
        raise LossSpecError(
            "`manager` must be a LossManager, as `LossManager.from_spec(...)` makes it, got "
            f"{describe(manager)}"
        )
    if manager.is_copy:
        raise LossSpecError(
            "the LossManager is a copy, which records nothing: make one in the process that trains"
        )


def _require_engine(what: str, engine: object) -> None:
    if not isinstance(engine, Engine):
        raise LossSpecError(f"{what} must be an ignite `Engine`, got {describe(engine)}")
