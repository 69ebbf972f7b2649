"""The path length penalty of StyleGAN2: equal steps in the latents should change the image equally."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_layout
from lossspec.losses.gan.input_gradient import input_gradient

if TYPE_CHECKING:
    from torch import Tensor


class PathLengthPenalty(nn.Module):
    """Squared difference of the path lengths from their running mean.

    .. math::
        mean_n (p_n - a)^2,  p_n = sqrt(mean_l ||J_nl^T y_n||^2),  y ~ N(0, 1) / sqrt(H W)
        a <- a + d (mean_n p_n - a)

    where ``J_nl`` is the Jacobian of the image by the latents of layer ``l``, and ``d`` the
    decay. As in the authors' code the mean is updated before it is used, gradients flow through the
    update, and each process has its own mean. It is updated in training mode only; it is a buffer,
    ``mean_length``, so it is in ``state_dict``. ``y`` comes from torch's default generator.

    It differentiates twice, which works in eager mode but not inside ``torch.compile``.

    Args:
        decay: ``d``, in (0, 1].

    Shape:
        images: ``(N, C, H, W)``, generated from ``latents`` with their graph;
        latents: ``(N, L, D)``, or ``(N, D)``. Returns a scalar.

    Raises:
        LossInputError: ``decay`` is out of range; on call: the images were not computed from the latents
            with gradients, or a shape is wrong.

    Reference:
        Karras et al., Analyzing and improving the image quality of StyleGAN, 2019, section 3.2.
        https://arxiv.org/abs/1912.04958

    Example:
        >>> penalty = PathLengthPenalty(decay=1.0)
        >>> latents = torch.randn(1, 4, requires_grad=True)
        >>> images = latents.view(1, 1, 2, 2)
        >>> penalty(images, latents)  # the mean is the length of this path
        tensor(0.)
    """

    mean_length: Tensor

    def __init__(self, decay: float = 0.01) -> None:
        super().__init__()
        if not 0 < decay <= 1:
            raise LossInputError(f"PathLengthPenalty needs 0 < decay <= 1, got decay = {decay}")
        self.decay = decay
        self.register_buffer("mean_length", torch.zeros(()))

    def forward(self, images: Tensor, latents: Tensor) -> Tensor:
        """Return the penalty, and update the mean."""
        check_layout(self, "(N, C, H, W)", images=images)
        check_layout(self, "(N, D)" if latents.dim() == 2 else "(N, L, D)", latents=latents)
        noise = torch.randn_like(images) / (images.shape[2] * images.shape[3]) ** 0.5
        with torch.enable_grad():
            moved = (images * noise).sum()
        gradient = input_gradient(self, {"images": moved}, {"latents": latents})
        lengths = gradient.view(len(latents), -1, latents.shape[-1]).square().sum(dim=2).mean(dim=1).sqrt()
        lengths = lengths.to(self.mean_length.dtype)
        mean = self.mean_length
        if self.training:
            mean = mean.lerp(lengths.mean(), self.decay)
            self.mean_length.copy_(mean.detach())
        return (lengths - mean).square().mean()
