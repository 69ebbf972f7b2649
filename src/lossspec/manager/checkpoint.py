"""The state of a manager in a checkpoint: saves, checks and restores it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from lossspec.errors import CheckpointError, ClockError
from lossspec.log.rows import WIDTH
from lossspec.manager.clock.clock import check_progress
from lossspec.manager.loss.curve import is_finite_number
from lossspec.manager.record.recorders import check_batch_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from lossspec.log.rows import Sections
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.run import Run

FORMAT = 1
_MEMBERS = (
    "digest",
    "epoch",
    "step",
    "total_epochs",
    "total_steps",
    "batch_size",
    "chunks",
    "waiting",
    "weights",
    "last_due",
    "losses",
    "generators",
)


def save(run: Run, clock: Clock, batch_size: int | None, chunks: int, waiting: Sections) -> dict[str, object]:
    """Return the state as plain values and tensors."""
    modules = run.modules()
    return {
        "format": FORMAT,
        "digest": run.digest,
        "epoch": clock.epoch,
        "step": clock.step if clock.stepped else None,
        "total_epochs": clock.total_epochs,
        "total_steps": clock.total_steps,
        "batch_size": batch_size,
        "chunks": chunks,
        "waiting": {
            section: {name: torch.tensor(rows, dtype=torch.float64) for name, rows in losses.items()}
            for section, losses in waiting.items()
        },
        "weights": {name: loss.loss_weight for name, loss in run.losses.items() if loss.is_set_by_hand},
        "last_due": {name: loss.last_due for name, loss in run.losses.items() if loss.last_due is not None},
        "losses": {name: dict(module.state_dict()) for name, module in modules.items()},
        "generators": {name: generator.get_state() for name, generator in _generators(modules)},
    }


def check(saved: Mapping[str, Any], run: Run, *, any_spec: bool) -> None:
    """Check that a state fits, before any of it is restored.

    Args:
        saved: the return value of ``save``.
        run: the losses and balancers of this manager.
        any_spec: accept the state of another spec, for the losses that both have.

    Raises:
        CheckpointError: it is invalid, or of another spec, or of other losses.
    """
    found = saved.get("format")
    if found != FORMAT:
        raise CheckpointError(
            f"a checkpoint must be a `state_dict()` of a LossManager in format {FORMAT}, got format {found!r}"
        )
    _require_members(saved)
    if saved["digest"] != run.digest and not any_spec:
        raise CheckpointError(
            f"the checkpoint is of another spec: expected digest {run.digest}, got {saved['digest']}; "
            "pass `ignore_digest=True` to load it for the losses that both have"
        )
    if not any_spec:
        _check_weights(saved["weights"], run.losses)
    states, modules = saved["losses"], run.modules()
    for name in [] if any_spec else sorted(states.keys() ^ modules.keys()):
        where = "the checkpoint" if name in modules else "this manager"
        raise CheckpointError(f"the state of loss `{name}` is missing in {where}")
    for name in states.keys() & modules.keys():
        wanted = {key: _shape(value) for key, value in modules[name].state_dict().items()}
        given = {key: _shape(value) for key, value in states[name].items()}
        if wanted != given:
            keys = sorted(key for key in wanted.keys() | given if wanted.get(key) != given.get(key))
            raise CheckpointError(f"the state of loss `{name}` has other keys or shapes: {', '.join(keys)}")
    for name, generator in _generators(modules):
        found_state = saved["generators"].get(name)
        if found_state is not None and _shape(found_state) != _shape(generator.get_state()):
            raise CheckpointError(f"the state of generator `{name}` has another shape")


def _check_weights(weights: Mapping[str, object], losses: Mapping[str, LMLoss]) -> None:
    """Check that this manager has the losses whose weights were set by hand, and no schedules for them."""
    for name in weights:
        if name not in losses:
            raise CheckpointError(f"the loss `{name}`, whose weight the checkpoint has, is missing")
        if losses[name].schedule is not None:
            raise CheckpointError(
                f"the checkpoint has a weight of `{name}` that was set by hand, but here it has a schedule"
            )


def _require_members(saved: Mapping[str, Any]) -> None:
    missing = [f"`{name}`" for name in _MEMBERS if name not in saved]
    if missing:
        raise CheckpointError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing in the checkpoint"
        )
    chunks = saved["chunks"]
    if not isinstance(chunks, int) or chunks < 0:
        raise CheckpointError(
            f"`chunks` in the checkpoint must be a whole number of at least 0, got {chunks!r}"
        )
    for name in ("waiting", "weights", "last_due", "losses", "generators"):
        if not isinstance(saved[name], Mapping):
            raise CheckpointError(f"`{name}` in the checkpoint must be a dict, got {saved[name]!r}")
    _check_rows(saved["waiting"])
    for name, weight in saved["weights"].items():
        if not is_finite_number(weight):
            raise CheckpointError(
                f"the weight of `{name}` in the checkpoint must be a finite number, got {weight!r}"
            )
    for name, step in saved["last_due"].items():
        if not isinstance(step, int) or step < 0:
            raise CheckpointError(
                f"`last_due` of `{name}` in the checkpoint must be a whole number of at least 0, got {step!r}"
            )
    if saved["epoch"] is None:
        raise CheckpointError("invalid clock in checkpoint: `epoch` must be a number of at least 0, got None")
    try:
        check_progress(*(saved[name] for name in ("epoch", "step", "total_epochs", "total_steps")))
        check_batch_size(saved["batch_size"])
    except ClockError as error:
        raise CheckpointError(f"invalid clock in checkpoint: {error}") from None


def rows_of(saved: Mapping[str, Any]) -> Sections:
    """Return the rows of a checked state that the file of the log had not taken."""
    return {
        section: {name: array("d", rows.tolist()) for name, rows in losses.items()}
        for section, losses in saved["waiting"].items()
    }


def _check_rows(waiting: Mapping[str, object]) -> None:
    for section, losses in waiting.items():
        for name, rows in losses.items() if isinstance(losses, Mapping) else [("", None)]:
            if not (
                isinstance(rows, torch.Tensor)
                and rows.dtype is torch.float64
                and rows.dim() == 1
                and len(rows) % WIDTH == 0
            ):
                raise CheckpointError(
                    f"`waiting` in the checkpoint must have rows of {WIDTH} 64-bit floats, got others for "
                    f"`{section}.{name}`"
                )


def restore(saved: Mapping[str, Any], run: Run, clock: Clock) -> None:
    """Restore a checked state."""
    states, modules = saved["losses"], run.modules()
    for name in states.keys() & modules.keys():
        modules[name].load_state_dict(states[name])
    generators = saved["generators"]
    for name, generator in _generators(modules):
        if name in generators:
            generator.set_state(generators[name])
    for name, loss in run.losses.items():
        loss.restore_weight(saved["weights"].get(name))
    for name, loss in run.losses.items():  # after the weights, and before the clock: both make new plans
        loss.last_due = saved["last_due"].get(name)
    clock.restore(saved["epoch"], saved["step"], saved["total_epochs"], saved["total_steps"])


def _shape(value: object) -> object:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def require_flushed(losses: Mapping[str, LMLoss]) -> None:
    """Check that all recorded values are in the log.

    Raises:
        CheckpointError: some are not.
    """
    waiting = [f"`{name}`" for name, loss in losses.items() if any(map(len, loss.histories().values()))]
    if waiting:
        raise CheckpointError(
            f"values of {', '.join(waiting)} are not in the log yet: call `update_loss_log()` on every rank "
            "before `state_dict()`, which one rank can call alone"
        )


def _generators(modules: Mapping[str, nn.Module]) -> Iterator[tuple[str, torch.Generator]]:
    for name, holder in modules.items():
        for path, module in holder.named_modules():
            for attribute, value in vars(module).items():
                if isinstance(value, torch.Generator):
                    yield ".".join(filter(None, (name, path, attribute))), value
