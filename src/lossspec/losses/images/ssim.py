"""Structural similarity with a padded border, as Gaussian splatting and depth estimation have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn.functional import conv2d, pad

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_positive, chosen
from lossspec.losses.precision import full_precision, widened
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor

Padding = Literal["zeros", "reflect", "none"]


class SSIMLoss(nn.Module):
    """Structural similarity of two images: 1 where they agree, here as a loss that is 0 there.

    .. math:: mean(1 - (2 mx my + C1) (2 vxy + C2) / ((mx^2 + my^2 + C1) (vx + vy + C2)))

    of Gaussian-weighted means, variances and covariances around each pixel, with
    ``C1 = (0.01 data_range)^2`` and ``C2 = (0.03 data_range)^2``. The default pads with zeros, as the code of
    Gaussian splatting does, so the border counts; ``piq.SSIMLoss`` and ``monai.SSIMLoss`` leave the border
    out (``padding="none"``), and ``kornia.SSIMLoss`` mirrors it and halves the value.

    Args:
        window_size: odd, the width of the window in pixels.
        sigma: above 0, the deviation of the Gaussian, in pixels.
        padding: ``"zeros"``, ``"reflect"``, or ``"none"`` for the windows that fit in.
        data_range: above 0, the highest minus the lowest possible value.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a pixel and channel.

    Shape:
        input, target: ``(N, C, H, W)``, the same for both. Returns a scalar.

    Raises:
        UnknownNameError: ``padding`` or ``reduction`` is unknown.
        LossInputError: an argument is out of range; on call: the shapes differ, are not ``(N, C, H, W)`` or
            too small for the window.

    Reference:
        Wang et al., Image quality assessment, 2004, https://doi.org/10.1109/TIP.2003.819861; padded: Kerbl et
        al. (Gaussian splatting), 2023, https://arxiv.org/abs/2308.04079.

    Example:
        >>> SSIMLoss(window_size=1)(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))  # 1 - C1 / (1 + C1)
        tensor(0.9999)
    """

    def __init__(
        self,
        window_size: int = 11,
        sigma: float = 1.5,
        padding: Padding = "zeros",
        data_range: float = 1.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_positive(self, sigma=sigma, data_range=data_range)
        if window_size < 1 or window_size % 2 == 0:
            raise LossInputError(f"SSIMLoss needs an odd window_size, got window_size = {window_size}")
        self.window_size = window_size
        self.sigma = sigma
        self.padding: Padding = chosen("padding", padding, ("zeros", "reflect", "none"))
        self.data_range = data_range
        self.reduction = check_reduction(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(N, C, H, W)", input=input, target=target)
        needed = {"zeros": 1, "reflect": self.window_size // 2 + 1, "none": self.window_size}[self.padding]
        if min(input.shape[2:]) < needed:
            raise LossInputError(
                f"SSIMLoss needs at least {needed}x{needed} pixels, got `input` {tuple(input.shape)}"
            )
        similarity = similarity_map(
            input,
            target,
            self.window_size,
            sigma=self.sigma,
            padding=self.padding,
            data_range=self.data_range,
        )
        return reduce(1 - similarity, self.reduction).to(torch.promote_types(input.dtype, target.dtype))


def similarity_map(
    x: Tensor, y: Tensor, size: int, *, sigma: float | None, padding: Padding, data_range: float = 1.0
) -> Tensor:
    """Return the structural similarity around each pixel, in float32 or wider.

    Args:
        x: images ``(N, C, H, W)``.
        y: images of the same shape.
        size: width of the window, odd.
        sigma: deviation of its Gaussian; None for equal weights.
        padding: what lies beyond the border.
        data_range: the highest minus the lowest possible value.
    """
    x, y = widened(x), widened(y)
    with full_precision(x):
        maps = torch.stack([x, y, x * x, y * y, x * y]).flatten(0, 2).unsqueeze(1)
        means = _window_means(maps, size, sigma, padding)
    mean_x, mean_y, square_x, square_y, product = means.reshape(5, *x.shape[:2], *means.shape[2:])
    low, high = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    variances = square_x - mean_x.square() + square_y - mean_y.square()
    above = (2 * mean_x * mean_y + low) * (2 * (product - mean_x * mean_y) + high)
    below = (mean_x.square() + mean_y.square() + low) * (variances + high)
    similarity: Tensor = above / below
    return similarity


def _window_means(maps: Tensor, size: int, sigma: float | None, padding: Padding) -> Tensor:
    """Return the weighted means of maps ``(M, 1, H, W)`` around each pixel; the window is separable."""
    place = torch.arange(size, dtype=maps.dtype, device=maps.device) - size // 2
    line = torch.ones_like(place) if sigma is None else (-place.square() / (2 * sigma**2)).exp()
    line = line / line.sum()
    half = 0 if padding == "none" else size // 2
    if padding == "reflect":
        maps, half = pad(maps, (half, half, half, half), mode="reflect"), 0
    across: Tensor = conv2d(maps, line.view(1, 1, 1, size), padding=(0, half))
    means: Tensor = conv2d(across, line.view(1, 1, size, 1), padding=(half, 0))
    return means
