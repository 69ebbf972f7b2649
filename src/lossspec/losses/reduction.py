"""Distances between features, and reductions of the elements of a loss to one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch.nn.functional import l1_loss, mse_loss

from lossspec.losses.check import chosen

if TYPE_CHECKING:
    from torch import Tensor

Reduction = Literal["none", "mean", "sum"]

Distance = Literal["l1", "l2"]

#: Mean absolute and mean squared difference, by the names that the losses' arguments take.
DISTANCES = {"l1": l1_loss, "l2": mse_loss}


def check_reduction(reduction: str) -> Reduction:
    """Return ``reduction``, or raise an ``UnknownNameError`` with the nearest name."""
    return chosen("reduction", reduction, ("none", "mean", "sum"))


def reduce(elements: Tensor, reduction: Reduction) -> Tensor:
    """Return the mean or the sum of the elements, or the elements as they are.

    >>> import torch
    >>> reduce(torch.tensor([1.0, 3.0]), "mean")
    tensor(2.)
    """
    if reduction == "mean":
        return elements.mean()
    return elements.sum() if reduction == "sum" else elements
