"""The losses of self-supervised depth: a warped image should look like the target, and depth be smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout
from lossspec.losses.images.ssim import similarity_map
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class PhotometricLoss(nn.Module):
    """Mix of structural similarity and absolute error at each pixel, averaged over the channels.

    .. math:: mean(alpha mean_c clip((1 - SSIM) / 2, 0, 1) + (1 - alpha) mean_c |input - target|)

    with the similarity of 3x3 pixels of equal weight, the border mirrored. With ``reduction="none"`` it is
    the map of which monodepth2 takes the minimum over the source images.

    Args:
        alpha: in [0, 1], the share of the similarity.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a pixel, ``(N, 1, H, W)``.

    Shape:
        input, target: ``(N, C, H, W)`` in [0, 1], the same for both, at least 2x2 pixels. Returns a scalar.

    Raises:
        LossInputError: ``alpha`` is out of range; on call: the shapes differ, are not ``(N, C, H, W)``, or
            are below 2x2 pixels.

    Reference:
        Godard et al., 2016, https://arxiv.org/abs/1609.03677; its minimum: monodepth2, 2018,
        https://arxiv.org/abs/1806.01260.

    Example:
        >>> PhotometricLoss(alpha=0.0)(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4))
        tensor(1.)
    """

    def __init__(self, alpha: float = 0.85, reduction: Reduction = "mean") -> None:
        super().__init__()
        if not 0 <= alpha <= 1:
            raise LossInputError(f"PhotometricLoss needs 0 <= alpha <= 1, got alpha = {alpha}")
        self.alpha = alpha
        self.reduction = check_reduction(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(N, C, H, W)", input=input, target=target)
        _check_pixels(self, input=input)
        similarity = similarity_map(input, target, 3, sigma=None, padding="reflect")
        structure = ((1 - similarity) / 2).clamp(0, 1).mean(dim=1, keepdim=True)
        difference = (input - target).abs().mean(dim=1, keepdim=True)
        errors = self.alpha * structure + (1 - self.alpha) * difference
        return reduce(errors, self.reduction).to(difference.dtype)


class EdgeAwareSmoothnessLoss(nn.Module):
    """Gradients of a disparity map, which cost less where the image has edges.

    .. math:: mean(|dx d| e^(-mean_c |dx image|)) + mean(|dy d| e^(-mean_c |dy image|)),  d = disparity / m

    with the differences of neighbouring pixels, and ``m`` the mean disparity of each image, so that depth
    cannot shrink to be smooth. ``kornia.InverseDepthSmoothnessLoss`` is the same with ``normalized=False``.

    Args:
        normalized: whether to divide by ``m``; otherwise it is 1.
        eps: added to ``m``.

    Shape:
        disparity: ``(N, 1, H, W)``, above 0; image: ``(N, C, H, W)``, at least 2x2 pixels. Returns a scalar.

    Raises:
        LossInputError: on call: a shape is wrong, or below 2x2 pixels.

    Reference:
        Godard et al. (monodepth2), 2018, https://arxiv.org/abs/1806.01260; the mean: Wang et al., 2017,
        https://arxiv.org/abs/1712.00175.

    Example:
        >>> slope = torch.tensor([[[[0.5, 1.5], [0.5, 1.5]]]])
        >>> EdgeAwareSmoothnessLoss()(slope, torch.zeros(1, 3, 2, 2))
        tensor(1.0000)
    """

    def __init__(self, normalized: bool = True, eps: float = 1e-7) -> None:
        super().__init__()
        self.normalized = normalized
        self.eps = eps

    def forward(self, disparity: Tensor, image: Tensor) -> Tensor:
        """Return the loss of ``disparity`` beside ``image``."""
        check_layout(self, "(N, C, H, W)", disparity=disparity, image=image)
        _check_pixels(self, disparity=disparity)
        wanted = (len(image), 1, *image.shape[2:])
        if disparity.shape != wanted:
            raise LossInputError(
                f"EdgeAwareSmoothnessLoss expects `disparity` as {tuple(wanted)} for `image` "
                f"{tuple(image.shape)}, got {tuple(disparity.shape)}"
            )
        if self.normalized:
            disparity = disparity / (disparity.mean(dim=(2, 3), keepdim=True) + self.eps)
        across, down = (
            (disparity.diff(dim=dim).abs() * torch.exp(-image.diff(dim=dim).abs().mean(1, keepdim=True)))
            for dim in (3, 2)
        )
        return across.mean() + down.mean()


def _check_pixels(loss: nn.Module, **images: Tensor) -> None:
    for name, each in images.items():
        if min(each.shape[2:]) < 2:
            raise LossInputError(
                f"{type(loss).__name__} needs at least 2x2 pixels, got `{name}` {tuple(each.shape)}"
            )
