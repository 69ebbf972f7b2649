"""A loss between the Laplacians of two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import pad

from lossspec.losses.check import check_alike, chosen
from lossspec.losses.images.grayscale import GRAYSCALES, Grayscale, to_grayscale
from lossspec.losses.images.linear_map import apply_linear
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class LaplacianLoss(nn.Module):
    """Mean absolute difference of the Laplacians of two grayscale images.

    .. math:: mean |K * g(x) - K * g(y)|,  K = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]

    where ``g`` is the grayscale image, padded with zeros as by ``conv2d(..., padding=1)``. The filter is
    linear, so the difference is filtered once.

    Args:
        grayscale: ``"luma"`` (ITU-R BT.601; one or three channels) or ``"mean"`` (any number of channels).
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for the map ``(N, H, W)``.

    Shape:
        input, target: ``(N, C, H, W)``, the same for both, in any range. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ, are not ``(N, C, H, W)``, or are empty.

    Reference:
        Marr and Hildreth, Theory of edge detection, 1980. https://doi.org/10.1098/rspb.1980.0020

    Example:
        >>> image = torch.zeros(1, 1, 5, 5)
        >>> image[0, 0, 2, 2] = 1.0  # the filter itself, upside down: |4| + 4 |1| over 25 pixels
        >>> LaplacianLoss()(image, torch.zeros(1, 1, 5, 5))
        tensor(0.3200)
    """

    def __init__(self, grayscale: Grayscale = "luma", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.grayscale = chosen("grayscale", grayscale, GRAYSCALES)
        self.reduction = check_reduction(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(N, C, H, W)", input=input, target=target)
        # Gray first: subtracting one channel is a third of subtracting three.
        difference = to_grayscale(self, input, self.grayscale) - to_grayscale(self, target, self.grayscale)
        return reduce(apply_linear(difference, _laplacian, _laplacian).abs(), self.reduction)


def _laplacian(image: Tensor) -> Tensor:
    """Filter ``(N, H, W)``; the filter is symmetric, so it is its own transpose."""
    padded = pad(image, (1, 1, 1, 1))
    vertical = torch.add(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    return vertical.add_(padded[:, 1:-1, :-2]).add_(padded[:, 1:-1, 2:]).sub_(image, alpha=4)
