"""The reconstruction term of a variational autoencoder with Bernoulli pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from lossspec.losses.check import check_alike

if TYPE_CHECKING:
    from torch import Tensor


class BernoulliReconstructionLoss(nn.Module):
    """Negative log-likelihood of an image under Bernoulli pixels: their sum, averaged over the batch.

    .. math:: -mean_n sum_d (x log sigmoid(z) + (1 - x) log(1 - sigmoid(z)))

    It is the reconstruction term of the evidence lower bound, in nats, so it can be added to
    ``GaussianKLLoss`` without a factor. The mean over pixels is ``torch.BCEWithLogitsLoss``.

    Shape:
        logits: ``z``, ``(N, *)``, before the sigmoid; target: ``x``, the same shape, in [0, 1].
        Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ or are empty.

    Reference:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix C.1.

    Example:
        >>> import torch
        >>> BernoulliReconstructionLoss()(torch.zeros(2, 1, 2, 2), torch.ones(2, 1, 2, 2))  # 4 log 2
        tensor(2.7726)
    """

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compare the distribution with ``logits`` to ``target``."""
        check_alike(self, "(*)", logits=logits, target=target)
        target = target.to(logits.dtype)
        return binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(logits)
