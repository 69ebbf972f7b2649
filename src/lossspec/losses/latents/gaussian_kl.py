"""The divergence of a diagonal Gaussian from the standard one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from lossspec.losses.check import check_alike, chosen

if TYPE_CHECKING:
    from torch import Tensor


class GaussianKLLoss(nn.Module):
    """Kullback-Leibler divergence of a Gaussian from the standard one, or its distance from a capacity.

    .. math:: |mean_n sum_d (mu^2 + e^v - v - 1) / 2 - C|,  v = log sigma^2

    of ``N(mu, sigma^2)`` with independent dimensions, in nats: the sum is over all dimensions of a
    sample. The divergence is never negative, so with ``C = 0`` it is the loss.

    Args:
        capacity: ``C``. It can be set at any time (``loss.capacity = 5.0``), also by a schedule.
        reduction: ``"mean"`` over the batch, or ``"sum"`` as in SPADE.

    Shape:
        mu, logvar: ``(N, *)``, the same for both. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ or are empty.

    Reference:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix B; the capacity: Burgess et al.,
        2018, https://arxiv.org/abs/1804.03599.

    Example:
        >>> loss = GaussianKLLoss()
        >>> mu, logvar = torch.tensor([[1.0, 3.0]]), torch.zeros(1, 2)
        >>> loss(mu, logvar)
        tensor(5.)
        >>> loss.capacity = 7.0
        >>> loss(mu, logvar)
        tensor(2.)
    """

    def __init__(self, capacity: float = 0.0, reduction: Literal["mean", "sum"] = "mean") -> None:
        super().__init__()
        self.capacity = capacity
        self.reduction = chosen("reduction", reduction, ("mean", "sum"))

    def forward(self, mu: Tensor, logvar: Tensor) -> Tensor:
        """Return the loss for this mean and this logarithm of the variance."""
        check_alike(self, "(*)", mu=mu, logvar=logvar)
        # expm1 avoids cancellation in exp(v) - 1 - v near the standard Gaussian.
        total = 0.5 * (mu.square() + (torch.expm1(logvar) - logvar)).sum()
        divergence = total / len(mu) if self.reduction == "mean" else total
        return (divergence - self.capacity).abs()
