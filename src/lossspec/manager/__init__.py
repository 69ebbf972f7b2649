"""Runs losses while a model trains: weighs and schedules them, records their values, writes the log.

A ``LossManager`` holds losses by name. ``compute_loss_xy`` runs one; calling the module that ``objective``
returns runs all terms of an objective. One clock moves every weight:

>>> import torch
>>> from lossspec import LossManager, schedules
>>> manager = LossManager()
>>> fade = schedules.linear(start=0, end=10, start_value=1.0, end_value=0.0)
>>> manager.register_loss_fn("l1", torch.nn.L1Loss(), schedule=fade)
>>> x, y = torch.ones(4), torch.zeros(4)
>>> for epoch in range(3):
...     manager.set_progress(epoch=epoch)
...     loss = manager.compute_loss_xy("l1", x, y)
>>> [round(weight, 2) for weight in manager.get_registered_losses(strip=False)["l1"].history.weights]
[1.0, 0.9, 0.8]

Importing this package does not import torch; using a name of it does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lossspec.extras import torch_for

if TYPE_CHECKING:
    from lossspec.manager.building.spec import build as build
    from lossspec.manager.config import ConfigManager as ConfigManager
    from lossspec.manager.loss.loss import LMLoss as LMLoss
    from lossspec.manager.loss_manager import LossManager as LossManager
    from lossspec.manager.objective.objective import Objective as Objective

_HOMES = {
    "ConfigManager": "config",
    "LMLoss": "loss.loss",
    "LossManager": "loss_manager",
    "Objective": "objective.objective",
    "build": "building.spec",
}
__all__ = [*_HOMES]  # noqa: PLE0604 - each is imported from its home when it is first used


def __getattr__(name: str) -> object:
    if name in _HOMES:
        with torch_for(f"`lossspec.{name}`"):
            return getattr(import_module(f"lossspec.manager.{_HOMES[name]}"), name)
    raise AttributeError(f"module `lossspec.manager` has no attribute `{name}`")
