"""Passes a value that the model computed on as a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_layout
from lossspec.names import type_name

if TYPE_CHECKING:
    from torch import Tensor


class Precomputed(nn.Module):
    """A loss that the model has computed, to be weighted and logged like any other.

    Shape:
        value: a scalar tensor, with its graph; returned as it is.

    Raises:
        LossInputError: on call: the value is not a tensor, or is empty.

    Example:
        >>> commitment = torch.tensor(0.25, requires_grad=True)
        >>> Precomputed()(commitment) is commitment
        True
    """

    def forward(self, value: object) -> Tensor:
        """Return ``value``."""
        if not isinstance(value, torch.Tensor):
            raise LossInputError(f"Precomputed expects a tensor, got {type_name(value)}: {value!r}")
        check_layout(self, "(*)", value=value)
        return value
