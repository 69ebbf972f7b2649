"""What a checkpoint holds of a manager, and how it is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from lossspec.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.manager.clock import Clock
    from lossspec.manager.loss import LMLoss

FORMAT = 1


def save(clock: Clock, digest: str | None, chunks: int, losses: Mapping[str, LMLoss]) -> dict[str, object]:
    """Return the state as plain values and tensors."""
    return {
        "format": FORMAT,
        "digest": digest,
        "epoch": clock.epoch,
        "step": clock.step if clock.stepped else None,
        "total_epochs": clock.total_epochs,
        "total_steps": clock.total_steps,
        "chunks": chunks,
        "losses": {
            name: dict(loss.function.state_dict())
            for name, loss in losses.items()
            if isinstance(loss.function, nn.Module)
        },
        "generators": {name: generator.get_state() for name, generator in _generators(losses)},
    }


def refuse_other(saved: Mapping[str, object], digest: str | None) -> None:
    """Raise if a state is of another spec.

    Raises:
        CheckpointError: it is.
    """
    found = saved.get("digest")
    if found != digest:
        raise CheckpointError(
            f"the checkpoint is of another spec (digest {found}; this one has {digest}): load it with "
            "`ignore_digest=True` if that is what you want"
        )


def restore(saved: Mapping[str, object], clock: Clock, losses: Mapping[str, LMLoss]) -> int:
    """Put a state back and return the position in the log.

    Raises:
        CheckpointError: it is no state of a manager.
    """
    found = saved.get("format")
    if found != FORMAT:
        raise CheckpointError(
            f"this is no `state_dict()` of a LossManager in format {FORMAT}: its `format` is {found!r}"
        )
    modules = cast("dict[str, dict[str, Any]]", saved["losses"])
    for name, values in modules.items():
        if name in losses and isinstance(losses[name].function, nn.Module):
            cast("nn.Module", losses[name].function).load_state_dict(values)
    generators = cast("dict[str, torch.Tensor]", saved["generators"])
    for name, generator in _generators(losses):
        if name in generators:
            generator.set_state(generators[name])
    clock.stepped = False
    clock.move(
        cast("float", saved["epoch"]),
        cast("int | None", saved["step"]),
        cast("float | None", saved["total_epochs"]),
        cast("int | None", saved["total_steps"]),
    )
    return cast("int", saved["chunks"])


def refuse_waiting(losses: Mapping[str, LMLoss]) -> None:
    """Raise if values were recorded that are not in the log yet."""
    waiting = [f"`{name}`" for name, loss in losses.items() if len(loss.training) or len(loss.validation)]
    if waiting:
        raise CheckpointError(
            f"{', '.join(waiting)} have values that are not in the log: call `update_loss_log()` on every "
            "rank before `state_dict()`, which one rank may call alone"
        )


def _generators(losses: Mapping[str, LMLoss]) -> Iterator[tuple[str, torch.Generator]]:
    for name, loss in losses.items():
        if not isinstance(loss.function, nn.Module):
            continue
        for path, module in loss.function.named_modules():
            for attribute, value in vars(module).items():
                if isinstance(value, torch.Generator):
                    yield ".".join(filter(None, (name, path, attribute))), value
