"""The divergence between two diagonal Gaussians."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, chosen
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class GaussianPairKLLoss(nn.Module):
    """Kullback-Leibler divergence of one diagonal Gaussian from another, summed over the second dimension.

    .. math::
        mean sum_d(s_p - s_q - 1/2 + (e^(2 s_q) + (x - m_p)^2) / (2 e^(2 s_p))),  s = ln sigma

    of ``N(x, sigma_q^2)`` from ``N(m_p, sigma_p^2)``. With ``first="sample"``, ``x`` is a sample of the first
    Gaussian instead of its mean, perhaps mapped by a flow, as in VITS; then ``e^(2 s_q)`` is left out, and
    the value has the divergence as its mean.

    Args:
        first: ``"mean"`` or ``"sample"``: what the first input is.
        reduction: ``"mean"`` over the items and their positions, ``"sum"``, or ``"none"`` for one value each,
            ``(N, *)``.

    Shape:
        x, log_sigma, other_mu, other_log_sigma: ``(N, D, *)``, the same for all. Returns a scalar, in nats.

    Raises:
        UnknownNameError: ``first`` is unknown.
        LossInputError: on call: the shapes differ, are empty or have one dimension.

    Reference:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114; of a sample: Kim et al. (VITS), 2021,
        https://arxiv.org/abs/2106.06103.

    Example:
        >>> import torch
        >>> zero = torch.zeros(1, 2)
        >>> GaussianPairKLLoss()(torch.tensor([[3.0, 1.0]]), zero, zero, zero)
        tensor(5.)
    """

    def __init__(self, first: Literal["mean", "sample"] = "mean", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.first = chosen("first", first, ("mean", "sample"))
        self.reduction = check_reduction(reduction)

    def forward(self, x: Tensor, log_sigma: Tensor, other_mu: Tensor, other_log_sigma: Tensor) -> Tensor:
        """Return the divergence of the first Gaussian from the other."""
        given = {"x": x, "log_sigma": log_sigma, "other_mu": other_mu, "other_log_sigma": other_log_sigma}
        check_alike(self, "(*)", **given)
        if x.dim() < 2:
            raise LossInputError(f"GaussianPairKLLoss expects `x` as (N, D, *), got {tuple(x.shape)}")
        wider = other_log_sigma - log_sigma
        squares = (x - other_mu).square() * (-2 * other_log_sigma).exp()
        # expm1 avoids cancellation where the two deviations nearly agree
        spread = (-2 * wider).expm1() if self.first == "mean" else -1
        return reduce((wider + (squares + spread) / 2).sum(dim=1), self.reduction)
