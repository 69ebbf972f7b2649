"""Losses that keep embeddings from collapsing: dimensions should vary and be uncorrelated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import relu

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout, check_positive

if TYPE_CHECKING:
    from torch import Tensor


class VarianceLoss(nn.Module):
    """VICReg's variance term: a hinge on the standard deviation of each dimension over the batch.

    .. math:: mean_d max(0, 1 - sqrt(var_n z_d + eps))

    for one of the two views; the paper adds both, the authors' code takes half of the sum.

    Args:
        eps: above 0.

    Shape:
        embeddings: ``(N, D)``, at least two samples. Returns a scalar.

    Raises:
        LossInputError: ``eps`` is not positive; on call: a wrong shape, or fewer than two samples.

    Reference:
        Bardes et al., VICReg, 2021. https://arxiv.org/abs/2105.04906

    Example:
        >>> import torch
        >>> VarianceLoss(eps=0.25)(torch.zeros(4, 8))  # collapsed
        tensor(0.5000)
    """

    def __init__(self, eps: float = 1e-4) -> None:
        super().__init__()
        check_positive(self, eps=eps)
        self.eps = eps

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return the term of one view's ``embeddings``."""
        _check_samples(self, embeddings=embeddings)
        return relu(1 - (embeddings.var(dim=0) + self.eps).sqrt()).mean()


class CovarianceLoss(nn.Module):
    """VICReg's covariance term: the squared covariances of different dimensions.

    .. math:: sum_ij cov(z)_ij^2 / D where i != j,  cov(z) = sum_n (z_n - mean z) (z_n - mean z)^T / (N - 1)

    for one of the two views.

    Shape:
        embeddings: ``(N, D)``, at least two samples. Returns a scalar.

    Raises:
        LossInputError: on call: a wrong shape, or fewer than two samples.

    Reference:
        Bardes et al., VICReg, 2021. https://arxiv.org/abs/2105.04906

    Example:
        >>> import torch
        >>> twice = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # two equal dimensions: cov = 2
        >>> CovarianceLoss()(twice)
        tensor(4.)
    """

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return the term of one view's ``embeddings``."""
        _check_samples(self, embeddings=embeddings)
        centred = embeddings - embeddings.mean(dim=0)
        squares = (centred.T @ centred / (len(embeddings) - 1)).square()
        return (squares.sum() - squares.diagonal().sum()) / embeddings.shape[1]


class BarlowTwinsLoss(nn.Module):
    """Drives the cross-correlation of two views to the identity.

    .. math::
        sum_i (1 - c_ii)^2 + lambd sum_ij c_ij^2 where i != j,  c = sum_n a_n b_n^T / N
        a_n = (x_n - mean x) / sqrt(var x + eps),  b_n = (y_n - mean y) / sqrt(var y + eps)

    with variances over ``N``, as in the batch normalisation of the authors' code
    (``monai.BarlowTwinsLoss`` takes them over ``N - 1``, so it never reaches ``c_ii = 1``).

    Args:
        lambd: the weight of the off-diagonal part.
        eps: above 0.

    Shape:
        input, target: the embeddings of two views, ``(N, D)``, at least two samples. Returns a scalar.

    Raises:
        LossInputError: ``eps`` is not positive; on call: the shapes differ, or fewer than two samples.

    Reference:
        Zbontar et al., Barlow Twins, 2021. https://arxiv.org/abs/2103.03230

    Example:
        >>> import torch
        >>> x = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> BarlowTwinsLoss()(x, -x)  # c = -1 on the diagonal, 0 off it
        tensor(7.9999)
    """

    def __init__(self, lambd: float = 0.0051, eps: float = 1e-5) -> None:
        super().__init__()
        check_positive(self, eps=eps)
        self.lambd = lambd
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare the embeddings of two views."""
        check_alike(self, "(N, D)", input=input, target=target)
        _check_samples(self, input=input)
        correlation = self._normalized(input).T @ self._normalized(target) / len(input)
        diagonal, squares = correlation.diagonal(), correlation.square()
        off_diagonal = squares.sum() - squares.diagonal().sum()
        return (1 - diagonal).square().sum() + self.lambd * off_diagonal

    def _normalized(self, embeddings: Tensor) -> Tensor:
        variance = embeddings.var(dim=0, correction=0)
        return (embeddings - embeddings.mean(dim=0)) / (variance + self.eps).sqrt()


def _check_samples(loss: nn.Module, **embeddings: Tensor) -> None:
    check_layout(loss, "(N, D)", **embeddings)
    for name, each in embeddings.items():
        if len(each) < 2:
            found = f"`{name}` {tuple(each.shape)}"
            raise LossInputError(f"{type(loss).__name__} needs at least 2 samples to compare, got {found}")
