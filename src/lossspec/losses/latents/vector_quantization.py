"""The two losses of vector quantisation, for the encoder and for the codebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import mse_loss

from lossspec.losses.check import check_alike

if TYPE_CHECKING:
    from torch import Tensor


class CommitmentLoss(nn.Module):
    """Pulls the encoder's latents to their codes.

    .. math:: mean (z - sg(e))^2

    where sg stops the gradient. The ``beta = 0.25`` of the paper is the weight of the term.

    Shape:
        latents: ``z``, any; codes: ``e``, the same shape, before the straight-through step (after it
        their gradient is that of the latents). Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ or are empty.

    Reference:
        van den Oord et al., Neural discrete representation learning, 2017. https://arxiv.org/abs/1711.00937

    Example:
        >>> import torch
        >>> latents, codes = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
        >>> CommitmentLoss()(latents, codes).backward()
        >>> latents.grad, codes.grad
        (tensor([1., 1.]), None)
    """

    def forward(self, latents: Tensor, codes: Tensor) -> Tensor:
        """Compare ``latents`` with ``codes``, which get no gradient."""
        check_alike(self, "(*)", latents=latents, codes=codes)
        return mse_loss(latents, codes.detach())


class CodebookLoss(nn.Module):
    """Pulls the codes to the latents that chose them.

    .. math:: mean (sg(z) - e)^2

    where sg stops the gradient. A codebook that is updated by moving averages does not need this term.

    Shape:
        latents: ``z``, any; codes: ``e``, the same shape, as looked up in the codebook, before the
        straight-through step. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ or are empty.

    Reference:
        van den Oord et al., Neural discrete representation learning, 2017. https://arxiv.org/abs/1711.00937

    Example:
        >>> import torch
        >>> latents, codes = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
        >>> CodebookLoss()(latents, codes).backward()
        >>> latents.grad, codes.grad
        (None, tensor([-1., -1.]))
    """

    def forward(self, latents: Tensor, codes: Tensor) -> Tensor:
        """Compare ``codes`` with ``latents``, which get no gradient."""
        check_alike(self, "(*)", latents=latents, codes=codes)
        return mse_loss(codes, latents.detach())
