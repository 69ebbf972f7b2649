"""Normalisation by moving averages: each loss contributes its weight, whatever its scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.losses.balancing.by_value.value_balancer import ValueBalancer
from lossspec.losses.check import check_positive, check_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class EMANormalization(ValueBalancer):
    """Divides each loss by a moving average of its magnitude, so that its weight is its contribution.

    .. math::
        sum_k w_k lambda_k L_k,  lambda_k = 1 / max(average |L_k|, eps)
        average |L_k| = sum_i decay^i |L_k(t - i)| / sum_i decay^i

    where ``w_k`` are the weights of the spec: with 2 for one loss and 1 for another, the first contributes
    twice as much. In the first step a loss contributes exactly its weight. With ``rescale``, all ``lambda_k``
    are multiplied by one number so that their sum is K, the number of losses: only the shares change, not the
    size of the total.

    A loss that is skipped keeps its ``lambda_k`` and its average.

    Args:
        losses: the names of the losses.
        decay: in [0, 1]; 1 is the mean over all steps.
        eps: above 0, keeps ``lambda_k`` finite.
        rescale: whether the ``lambda_k`` add up to K.

    Shape:
        values: scalars by name. Returns a scalar, and the weights ``w_k lambda_k`` by name.

    Raises:
        LossInputError: ``decay`` or ``eps`` is out of range.

    Reference:
        A common practice without a paper; the average is that of EnCodec's balancer, over values instead of
        gradient norms. https://arxiv.org/abs/2210.13438

    Example:
        >>> balancer = EMANormalization(["a", "b"])
        >>> values = {"a": torch.tensor(50.0), "b": torch.tensor(0.1)}
        >>> balancer(values, {"a": 2.0, "b": 1.0})[0]
        tensor(3.)
    """

    averages: Tensor
    counts: Tensor

    def __init__(
        self, losses: Sequence[str], decay: float = 0.99, eps: float = 1e-8, *, rescale: bool = False
    ) -> None:
        super().__init__(losses)
        check_share(self, decay=decay)
        check_positive(self, eps=eps)
        self.decay = decay
        self.eps = eps
        self.rescale = rescale
        self.register_buffer("averages", torch.zeros_like(self.weights))
        self.register_buffer("counts", torch.zeros_like(self.weights))

    def move(self, values: Tensor, known: Tensor) -> None:
        """Update the averages of the known losses, and set their weights."""
        counts = self.counts * self.decay + 1
        averages = self.averages + (values.abs() - self.averages) / counts
        self.counts.copy_(torch.where(known, counts, self.counts))
        self.averages.copy_(torch.where(known, averages, self.averages))
        found = 1 / self.averages.clamp(min=self.eps)
        if self.rescale:
            found = found * known.sum() / torch.where(known, found, 0.0).sum()
        self.weights.copy_(torch.where(known, found, self.weights))
