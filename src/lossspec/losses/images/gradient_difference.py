"""A loss between the absolute gradients of two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike

if TYPE_CHECKING:
    from torch import Tensor


class GradientDifferenceLoss(nn.Module):
    """Difference of the absolute image gradients, which sharpens predicted frames.

    .. math:: mean(abs(|d_h x| - |d_h y|)^alpha) + mean(abs(|d_w x| - |d_w y|)^alpha)

    where ``d`` is the difference of neighbouring pixels, vertical and horizontal, without padding. The
    paper takes sums; means make the weight independent of the image size.

    Args:
        alpha: 1 or more.

    Shape:
        input, target: ``(N, C, H, W)``, the same for both, at least 2x2 pixels. Returns a scalar.

    Raises:
        LossInputError: ``alpha`` is below 1, where the gradient is unbounded; on call: the shapes differ, are
            not ``(N, C, H, W)``, or are below 2x2 pixels.

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
            raise LossInputError(f"GradientDifferenceLoss needs alpha >= 1, got alpha = {alpha}")
        self.alpha = alpha

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(N, C, H, W)", input=input, target=target)
        if min(input.shape[2:]) < 2:
            raise LossInputError(
                f"GradientDifferenceLoss needs at least 2x2 pixels, got `input` {tuple(input.shape)}"
            )
        down = (input.diff(dim=2).abs() - target.diff(dim=2).abs()).abs()
        across = (input.diff(dim=3).abs() - target.diff(dim=3).abs()).abs()
        if self.alpha != 1:
            down, across = down**self.alpha, across**self.alpha
        return down.mean() + across.mean()
