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

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
