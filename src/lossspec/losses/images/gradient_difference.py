"""Compares how much two images change from pixel to pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout

if TYPE_CHECKING:
    from torch import Tensor


class GradientDifferenceLoss(nn.Module):
    """Difference of the absolute image gradients, which sharpens predicted frames.

    .. math:: mean(abs(|d_h x| - |d_h y|)^alpha) + mean(abs(|d_w x| - |d_w y|)^alpha)

    where ``d`` is the difference of neighbouring pixels down and across; nothing is padded. The
    paper sums where this takes means, so that the weight doesn't depend on the size of the image.

    Args:
        alpha: 1 or more.

    Shape:
        input, target: ``(N, C, H, W)``, the same for both, at least 2x2 pixels. Returns a scalar.

    Raises:
        LossInputError: ``alpha`` is below 1, where the gradient has no bound; on call: the shapes differ, are
            not ``(N, C, H, W)``, or have no neighbours.

    Reference:
        Mathieu et al., Deep multi-scale video prediction beyond mean square error, 2015.
        https://arxiv.org/abs/1511.05440

    Example:
        >>> import torch
        >>> slope = torch.tensor([[[[0.0, 1.0], [3.0, 4.0]]]])
        >>> GradientDifferenceLoss()(slope, torch.zeros(1, 1, 2, 2))  # 3 down, 1 across
        tensor(4.)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if not alpha >= 1:
            raise LossInputError(f"GradientDifferenceLoss needs alpha >= 1, found alpha = {alpha}")
        self.alpha = alpha

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_layout(self, "(N, C, H, W)", input=input, target=target)
        check_alike(self, input=input, target=target)
        if min(input.shape[2:]) < 2:
            raise LossInputError(
                f"GradientDifferenceLoss needs at least 2x2 pixels, found `input` {tuple(input.shape)}"
            )
        down = (input.diff(dim=2).abs() - target.diff(dim=2).abs()).abs()
        across = (input.diff(dim=3).abs() - target.diff(dim=3).abs()).abs()
        if self.alpha != 1:
            down, across = down**self.alpha, across**self.alpha
        return down.mean() + across.mean()
