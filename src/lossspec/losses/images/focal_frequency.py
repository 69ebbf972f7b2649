"""A loss between the spectra of two images, with most weight on the largest differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike

if TYPE_CHECKING:
    from torch import Tensor


class FocalFrequencyLoss(nn.Module):
    """Squared difference of the Fourier spectra, weighted by its own magnitude.

    .. math:: mean w |F(x) - F(y)|^2,  w = |F(x) - F(y)|^alpha / max |F(x) - F(y)|^alpha

    where ``F`` is the orthonormal 2D Fourier transform of each channel, the maximum is over an image's
    frequencies, and ``w`` gets no gradient. The transform is linear, so the difference is transformed
    once. bfloat16 and half are computed in float32, since torch has no such transforms for them.
    ``torch.compile`` compiles it as one graph, and warns that complex numbers use the kernels of eager mode.

    Args:
        alpha: how sharply the weight focuses.
        patch_factor: the number of patches along each side; each patch is transformed.
        average_spectrum: whether to compare the mean spectra of the batch.
        log_matrix: whether to take ``log(1 + w)`` before dividing by the maximum.
        batch_matrix: whether to take the maximum over the whole batch.

    Shape:
        input, target: ``(N, C, H, W)``, the same for both; ``patch_factor`` divides H and W.
        Returns a scalar.

    Raises:
        LossInputError: ``patch_factor`` is below 1; on call: the shapes differ, are not ``(N, C, H, W)``,
            are empty, or cannot be cut into patches.

    Reference:
        Jiang et al., Focal frequency loss for image reconstruction and synthesis, 2020.
        https://arxiv.org/abs/2012.12821

    Example:
        >>> image = torch.zeros(1, 1, 2, 2)
        >>> image[0, 0, 0, 0] = 2.0  # its spectrum is flat: 1 everywhere
        >>> FocalFrequencyLoss()(image, torch.zeros(1, 1, 2, 2))
        tensor(1.)
    """

    def __init__(
        self,
        alpha: float = 1.0,
        patch_factor: int = 1,
        *,
        average_spectrum: bool = False,
        log_matrix: bool = False,
        batch_matrix: bool = False,
    ) -> None:
        super().__init__()
        if patch_factor < 1:
            raise LossInputError(f"FocalFrequencyLoss needs patch_factor >= 1, got {patch_factor}")
        self.alpha = alpha
        self.patch_factor = patch_factor
        self.average_spectrum = average_spectrum
        self.log_matrix = log_matrix
        self.batch_matrix = batch_matrix

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(N, C, H, W)", input=input, target=target)
        difference = input - target
        difference = self._patches(difference.to(torch.promote_types(difference.dtype, torch.float32)))
        if self.average_spectrum:
            difference = difference.mean(dim=0, keepdim=True)
        distance = torch.view_as_real(torch.fft.fft2(difference, norm="ortho")).square().sum(dim=-1)
        return (self._weight(distance.detach()) * distance).mean()

    def _patches(self, images: Tensor) -> Tensor:
        count = self.patch_factor
        rows, columns = images.shape[2] // count, images.shape[3] // count
        if (rows * count, columns * count) != tuple(images.shape[2:]):
            raise LossInputError(
                f"FocalFrequencyLoss cannot cut `input` {tuple(images.shape)} into {count}x{count} patches"
            )
        cut = images.reshape(*images.shape[:2], count, rows, count, columns)
        return cut.transpose(3, 4)  # (N, C, p, p, h, w)

    def _weight(self, distance: Tensor) -> Tensor:
        weight = distance.sqrt() ** self.alpha
        if self.log_matrix:
            weight = weight.log1p()
        highest = weight.amax() if self.batch_matrix else weight.amax(dim=(-2, -1), keepdim=True)
        return torch.where(highest > 0, weight / highest, 0.0).clamp(0, 1)
