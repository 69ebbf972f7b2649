"""Penalties of the discriminator's gradient at its images: R1 at real ones, R2 at generated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.losses.check import check_layout
from lossspec.losses.gan.input_gradient import input_gradient

if TYPE_CHECKING:
    from torch import Tensor


class R1Penalty(nn.Module):
    """Mean squared norm of the discriminator's gradient at real images.

    .. math:: mean_n ||g_n||^2,  g = grad_x sum D(x)

    over all dimensions of an image. There is no hidden factor: the ``gamma / 2`` of the paper is the
    weight of the term.

    It differentiates twice, which works in eager mode but not inside ``torch.compile``.

    Shape:
        pred: the scores of ``images``, any shape, with their graph;
        images: ``(N, *)``, with ``requires_grad`` set before the discriminator runs. Returns a scalar.

    Raises:
        LossInputError: on call: ``pred`` was not computed from ``images`` with gradients, or they are empty.

    Reference:
        Mescheder et al., Which training methods for GANs do actually converge?, 2018.
        https://arxiv.org/abs/1801.04406

    Example:
        >>> import torch
        >>> images = torch.ones(2, 3, requires_grad=True)
        >>> R1Penalty()(pred=images.square().sum(dim=1), images=images)  # 2 in three dimensions
        tensor(12., grad_fn=<MeanBackward0>)
    """

    def forward(self, pred: Tensor, images: Tensor) -> Tensor:
        """Return the penalty for scores ``pred`` of ``images``."""
        check_layout(self, "(*)", pred=pred, images=images)
        gradient = input_gradient(self, {"pred": pred}, {"images": images})
        return gradient.flatten(start_dim=1).square().sum(dim=1).mean()


class R2Penalty(R1Penalty):
    """Mean squared norm of the discriminator's gradient at generated images.

    .. math:: mean_n ||g_n||^2,  g = grad_x sum D(x)

    Shapes and errors are those of ``R1Penalty``.

    Reference:
        Mescheder et al., 2018. https://arxiv.org/abs/1801.04406

    Example:
        >>> import torch
        >>> fake = torch.ones(2, 3, requires_grad=True)
        >>> R2Penalty()(pred=fake.square().sum(dim=1), images=fake)
        tensor(12., grad_fn=<MeanBackward0>)
    """
