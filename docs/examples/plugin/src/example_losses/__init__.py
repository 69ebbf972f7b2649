"""Losses for quantile regression, as an example of a lossspec plug-in."""

import torch
from torch import Tensor, nn


class QuantileLoss(nn.Module):
    """Pinball loss: its minimum is a quantile of the targets, as the minimum of L1 is their median.

    Args:
        quantile: the quantile, between 0 and 1.
    """

    def __init__(self, quantile: float) -> None:
        super().__init__()
        self.quantile = quantile

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 - as torch names it
        """Compare two tensors of the same shape."""
        error = target - input
        return torch.maximum(self.quantile * error, (self.quantile - 1) * error).mean()


def crossing_loss(low: Tensor, high: Tensor, margin: float = 0.0) -> Tensor:
    """Penalise a lower quantile above a higher one."""
    return (low - high + margin).relu().mean()
