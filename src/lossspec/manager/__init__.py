"""Runs losses while a model trains: weighs them, moves the weights, records the values, writes the log.

A ``LossManager`` holds losses by name. Each is run by ``compute_loss_xy``, or all of an objective at once
by calling the module that ``objective`` returns. One clock moves every weight:

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

Reading a log, and importing this package, does not import torch; the rest needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.function import exporters
from lossspec.lazy import attach

if TYPE_CHECKING:
    from collections.abc import Mapping

__getattr__, __dir__, __all__ = attach(__name__)


def _exported(losses: Mapping[str, object]) -> dict[str, object] | None:
    """Return the document of live losses, for spec functions that return them."""
    from lossspec.manager.export import exported

    return exported(losses)


exporters.append(_exported)
