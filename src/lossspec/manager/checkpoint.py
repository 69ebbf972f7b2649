"""What a checkpoint holds of a manager, and how it is put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import torch

from lossspec.errors import CheckpointError, ClockError
from lossspec.manager.clock.clock import require_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss

FORMAT = 1
_MEMBERS = ("digest", "epoch", "step", "total_epochs", "total_steps", "chunks", "losses", "generators")


def save(
    clock: Clock, digest: str | None, chunks: int, modules: Mapping[str, nn.Module]
) -> dict[str, object]:
    """Return the state as plain values and tensors."""
    return {
        "format": FORMAT,
        "digest": digest,
        "epoch": clock.epoch,
        "step": clock.step if clock.stepped else None,
        "total_epochs": clock.total_epochs,
        "total_steps": clock.total_steps,
        "chunks": chunks,
        "losses": {name: dict(module.state_dict()) for name, module in modules.items()},
        "generators": {name: generator.get_state() for name, generator in _generators(modules)},
    }


def check(
    saved: Mapping[str, object], digest: str | None, modules: Mapping[str, nn.Module], *, any_spec: bool
) -> None:
    """Refuse a state that does not fit, before anything of it is put back.

    Args:
        saved: what ``save`` returned, once.
        digest: of this manager's spec.
        modules: of this manager's losses and balances.
        any_spec: take the state of another spec: for the losses that both have.

    Raises:
        CheckpointError: it is no state, or one of another spec, or of other losses.
    """
    found = saved.get("format")
    if found != FORMAT:
        raise CheckpointError(
            f"this is no `state_dict()` of a LossManager in format {FORMAT}: its `format` is {found!r}"
        )
    _require_members(saved)
    if saved["digest"] != digest and not any_spec:
        raise CheckpointError(
            f"the checkpoint is of another spec (digest {saved['digest']}; this one has {digest}): "
            "load it with `ignore_digest=True` if that is what you want"
        )
    states = _states(saved)
    for name in [] if any_spec else sorted(states.keys() ^ modules.keys()):
        who = "the checkpoint" if name in modules else "this manager"
        raise CheckpointError(f"{who} has no loss `{name}` with a state: they are of different losses")
    for name in states.keys() & modules.keys():
        wanted = {key: _shape(value) for key, value in modules[name].state_dict().items()}
        given = {key: _shape(value) for key, value in states[name].items()}
        if wanted != given:
            keys = sorted(key for key in wanted.keys() | given if wanted.get(key) != given.get(key))
            raise CheckpointError(f"the state of the loss `{name}` does not fit: {', '.join(keys)}")
    for name, generator in _generators(modules):
        found_state = _generator_states(saved).get(name)
        if found_state is not None and _shape(found_state) != _shape(generator.get_state()):
            raise CheckpointError(f"the state of the generator `{name}` does not fit")


def _require_members(saved: Mapping[str, object]) -> None:
    missing = [f"`{name}`" for name in _MEMBERS if name not in saved]
    if missing:
        raise CheckpointError(
            f"this `state_dict()` of a LossManager is not whole: it has no {', '.join(missing)}"
        )
    chunks = saved["chunks"]
    if not isinstance(chunks, int) or chunks < 0:
        raise CheckpointError(f"the checkpoint's `chunks` is no position in a log: {chunks!r}")
    for name in ("losses", "generators"):
        if not isinstance(saved[name], Mapping):
            raise CheckpointError(f"the checkpoint's `{name}` is no dict: {saved[name]!r}")
    if saved["epoch"] is None:
        raise CheckpointError("the checkpoint's `epoch` is None: a number is wanted")
    try:
        require_progress(*(saved[name] for name in ("epoch", "step", "total_epochs", "total_steps")))
    except ClockError as error:
        raise CheckpointError(f"the checkpoint's clock can't be: {error}") from None


def restore(saved: Mapping[str, object], clock: Clock, modules: Mapping[str, nn.Module]) -> int:
    """Put a state back that fits, and return the position in the log."""
    states = _states(saved)
    for name in states.keys() & modules.keys():
        modules[name].load_state_dict(states[name])
    generators = _generator_states(saved)
    for name, generator in _generators(modules):
        if name in generators:
            generator.set_state(generators[name])
    clock.move(
        cast("float", saved["epoch"]),
        cast("int", saved["step"] or 0),
        cast("float | None", saved["total_epochs"]),
        cast("int | None", saved["total_steps"]),
    )
    clock.stepped = saved["step"] is not None
    return cast("int", saved["chunks"])


def _states(saved: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", saved["losses"])


def _generator_states(saved: Mapping[str, object]) -> dict[str, torch.Tensor]:
    return cast("dict[str, torch.Tensor]", saved["generators"])


def _shape(value: object) -> object:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def refuse_waiting(losses: Mapping[str, LMLoss]) -> None:
    """Raise if values were recorded that are not in the log yet."""
    waiting = [f"`{name}`" for name, loss in losses.items() if len(loss.training) or len(loss.validation)]
    if waiting:
        raise CheckpointError(
            f"values of {', '.join(waiting)} are not in the log yet: call `update_loss_log()` on every rank "
            "before `state_dict()`, which one rank may call alone"
        )


def _generators(modules: Mapping[str, nn.Module]) -> Iterator[tuple[str, torch.Generator]]:
    for name, holder in modules.items():
        for path, module in holder.named_modules():
            for attribute, value in vars(module).items():
                if isinstance(value, torch.Generator):
                    yield ".".join(filter(None, (name, path, attribute))), value
