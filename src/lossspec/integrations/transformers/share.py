"""The share of one batch in an optimiser step that accumulates several."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch

if TYPE_CHECKING:
    from torch import nn

#: How many batches the current step of the Trainer accumulates, by objective; `LossCallback` sets it.
batches_in_step: WeakKeyDictionary[nn.Module, int] = WeakKeyDictionary()


def labels_that_count(labels: torch.Tensor) -> torch.Tensor:
    """Return the number of labels that are not -100: what the Trainer counts as items."""
    return labels.ne(-100).sum()


def share_of_items(items: torch.Tensor | int, all_items: torch.Tensor | int) -> torch.Tensor:
    """Return the share of a batch's items in those of its step, on all devices; 0 if there are none."""
    whole = torch.as_tensor(all_items).flatten()[0]
    return torch.as_tensor(items, device=whole.device) / whole.clamp(min=1)
