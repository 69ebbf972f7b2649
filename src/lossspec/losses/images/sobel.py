"""A loss between the edges of two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import pad

from lossspec.losses.check import check_alike, check_positive, chosen
from lossspec.losses.images.grayscale import GRAYSCALES, Grayscale, to_grayscale
from lossspec.losses.images.linear_map import apply_linear
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class SobelLoss(nn.Module):
    """Mean absolute difference of the gradient magnitudes of two grayscale images.

    .. math::
        mean |m(g(x)) - m(g(y))|,  m(g) = sqrt((S_x * g)^2 + (S_y * g)^2 + eps)
        S_x = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]] = S_y^T

    where ``g`` is the grayscale image, padded with zeros as by ``conv2d(..., padding=1)``. With ``eps``
    above 0 the magnitude is smooth: in a flat region its gradient is zero, and it is nowhere longer than
    that of ``S * g``.

    Magnitudes do not have the direction of an edge: an image and its negative have the same edges.

    Args:
        eps: above 0, added under the root.
        grayscale: ``"luma"`` (ITU-R BT.601; one or three channels) or ``"mean"`` (any number of channels).
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for the map ``(N, H, W)``.

    Shape:
        input, target: ``(N, C, H, W)``, the same for both, in any range. Returns a scalar.

    Raises:
        LossInputError: ``eps`` is not positive; on call: the shapes differ, are not ``(N, C, H, W)``, or
            are empty.

    Reference:
        Sobel and Feldman, A 3x3 isotropic gradient operator for image processing, 1968.
        https://en.wikipedia.org/wiki/Sobel_operator

    Example:
        >>> step = torch.zeros(1, 1, 5, 5)
        >>> step[..., 2:] = 1.0
        >>> SobelLoss(reduction="none")(step, torch.zeros(1, 1, 5, 5))[0, 2]  # the last is the border
        tensor([0.0000, 3.9990, 3.9990, 0.0000, 3.9990])
    """

    def __init__(
        self, eps: float = 1e-6, grayscale: Grayscale = "luma", reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        check_positive(self, eps=eps)  # the root has no gradient at 0
        self.eps = eps
        self.grayscale = chosen("grayscale", grayscale, GRAYSCALES)
        self.reduction = check_reduction(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(N, C, H, W)", input=input, target=target)
        return reduce((self._magnitude(input) - self._magnitude(target)).abs(), self.reduction)

    def _magnitude(self, images: Tensor) -> Tensor:
        gray = to_grayscale(self, images, self.grayscale)
        across, down = apply_linear(gray, _sobel, _sobel_transposed)
        return torch.addcmul(across * across, down, down).add_(self.eps).sqrt_()


def _sobel(image: Tensor) -> Tensor:
    """Return the derivatives of ``(N, H, W)`` across and down, as ``(2, N, H, W)``."""
    padded = pad(image, (1, 1, 1, 1))
    rows, columns = _smooth_rows(padded), _smooth_columns(padded)
    return torch.stack((rows[..., 2:] - rows[..., :-2], columns[:, 2:] - columns[:, :-2]))


def _sobel_transposed(edges: Tensor) -> Tensor:
    across, down = pad(edges, (1, 1, 1, 1))
    rows, columns = _smooth_rows(across), _smooth_columns(down)
    return (rows[..., :-2] - rows[..., 2:]).add_(columns[:, :-2]).sub_(columns[:, 2:])


def _smooth_rows(padded: Tensor) -> Tensor:
    return torch.add(padded[:, :-2], padded[:, 2:]).add_(padded[:, 1:-1], alpha=2)


def _smooth_columns(padded: Tensor) -> Tensor:
    return torch.add(padded[..., :-2], padded[..., 2:]).add_(padded[..., 1:-1], alpha=2)
