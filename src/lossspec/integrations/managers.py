"""What all trainers do with a manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    import torch

    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.loss_manager import LossManager
    from lossspec.manager.objective.objective import Objective


def move_losses(manager: LossManager, device: torch.device) -> None:
    """Move the losses of a manager to a device: a trainer moves only those that its model holds."""
    for loss in manager.get_registered_losses(strip=False).values():
        if isinstance(loss.function, nn.Module):
            loss.function.to(device)


def losses_in_fractions(manager: LossManager) -> dict[str, LMLoss]:
    """Return the losses whose schedules depend on the length of the run."""
    losses = manager.get_registered_losses(strip=False)
    return {name: loss for name, loss in losses.items() if "fraction" in loss.units()}


def objectives_of(manager: LossManager) -> list[Objective]:
    """Return all objectives of a manager."""
    losses = manager.get_registered_losses(strip=False).values()
    names = dict.fromkeys(loss.objective for loss in losses)
    return [manager.objective(name) for name in names if name is not None]
