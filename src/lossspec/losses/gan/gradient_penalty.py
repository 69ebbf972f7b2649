"""The gradient penalty of WGAN-GP, which keeps the norm of the critic's gradient near 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, chosen
from lossspec.losses.gan.input_gradient import input_gradient
from lossspec.names import type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class GradientPenalty(nn.Module):
    """Squared difference from 1 of the norm of the critic's gradient between real and fake images.

    .. math::
        mean_n (||g_n|| - 1)^2,  g = grad_m sum D(m)
        m_n = real_n + u_n (fake_n - real_n),  u_n ~ U(0, 1)

    The norm is over all dimensions of an image, as in the authors' code, or over the channels at each
    pixel, as in BasicSR, DeblurGAN and, by default, mmgeneration. ``u`` comes from torch's default
    generator. Gradients reach the critic's parameters, but not the real or fake images. The
    ``lambda = 10`` of the paper is the weight of the term.

    It differentiates twice, which works in eager mode but not inside ``torch.compile``.

    Args:
        norm: ``"image"``, one norm per image; or ``"pixel"``, one norm per pixel, averaged.

    Shape:
        critic: a callable, images to scores of any shape; real, fake: ``(N, *)``, the same for both.
        Returns a scalar.

    Raises:
        UnknownNameError: ``norm`` is unknown.
        LossInputError: on call: the shapes differ or are empty, the critic is not callable, or its scores
            do not depend on the images.

    Reference:
        Gulrajani et al., Improved training of Wasserstein GANs, 2017. https://arxiv.org/abs/1704.00028

    Example:
        >>> def critic(images): return 3 * images.flatten(1).sum(dim=1)
        >>> real, fake = torch.zeros(2, 1, 2, 2), torch.ones(2, 1, 2, 2)
        >>> GradientPenalty()(critic, real, fake)  # four derivatives of 3 have norm 6
        tensor(25.)
    """

    def __init__(self, norm: Literal["image", "pixel"] = "image") -> None:
        super().__init__()
        self.norm = chosen("norm", norm, ("image", "pixel"))

    def forward(self, critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
        """Return the penalty of ``critic`` between ``real`` and ``fake``."""
        if not callable(critic):
            raise LossInputError(f"GradientPenalty expects a callable `critic`, got {type_name(critic)}")
        check_alike(self, "(*)", real=real, fake=fake)
        shares = torch.rand((len(real), *[1] * (real.dim() - 1)), dtype=real.dtype, device=real.device)
        between = (real + shares * (fake - real)).detach().requires_grad_()
        with torch.enable_grad():
            scores = critic(between)
        gradient = input_gradient(self, {"critic(images)": scores}, {"images": between})
        if self.norm == "image":
            gradient = gradient.flatten(start_dim=1)
        lengths = torch.linalg.vector_norm(gradient, dim=1)
        penalty: Tensor = (lengths - 1).square().mean()
        return penalty
