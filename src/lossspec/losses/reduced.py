"""Makes a number of a loss that gives a map and has no argument to reduce it."""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import nn


class Reduced(nn.Module):
    """The mean or the sum of what another loss returns.

    Args:
        loss: returns a tensor of any shape.
        reduction: how its elements are combined.

    Example:
        >>> Reduced(nn.L1Loss(reduction="none"), "sum")(torch.ones(2, 2), torch.zeros(2, 2))
        tensor(4.)
    """

    def __init__(self, loss: nn.Module, reduction: Literal["mean", "sum"]) -> None:
        super().__init__()
        self.loss = loss
        self.reduction = reduction

    def forward(self, *inputs: object, **named: object) -> torch.Tensor:
        """Call the loss and combine its elements into a scalar."""
        result = cast("torch.Tensor", self.loss(*inputs, **named))
        return result.mean() if self.reduction == "mean" else result.sum()
