"""Contrastive losses between two sets of embeddings, of which those at equal positions belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import cross_entropy, logsigmoid, normalize

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout, check_positive
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class InfoNCELoss(nn.Module):
    """Each query should find its own key among all keys.

    .. math:: mean_n(-ln softmax_m(scale q_n . k_m / temperature)_n)

    One direction only. CLIP is the mean of both; MoCo v3 adds two views. With several processes, put the
    keys of the own process first, then those of the others.

    Args:
        temperature: above 0. It can be set at any time, also by a schedule.
        normalized: whether to divide the embeddings by their lengths, so that the products are cosines.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a query.

    Shape:
        queries: ``(N, D)``; keys: ``(M, D)``, M >= N, key n belongs to query n; scale: a learned factor of
        the products, a scalar, by default 1. Returns a scalar.

    Raises:
        LossInputError: ``temperature`` is not positive; on call: a shape is wrong or empty.

    Reference:
        van den Oord et al., 2018, https://arxiv.org/abs/1807.03748; with a learned scale: Radford et al.
        (CLIP), 2021, https://arxiv.org/abs/2103.00020.

    Example:
        >>> InfoNCELoss()(torch.eye(2), torch.eye(2), torch.tensor(100.0))  # far apart
        tensor(0.)
        >>> InfoNCELoss()(torch.ones(2, 3), torch.ones(2, 3))  # all the same: ln 2
        tensor(0.6931)
    """

    def __init__(
        self, temperature: float = 1.0, normalized: bool = True, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        check_positive(self, temperature=temperature)
        self.temperature = temperature
        self.normalized = normalized
        self.reduction = check_reduction(reduction)

    def forward(self, queries: Tensor, keys: Tensor, scale: Tensor | None = None) -> Tensor:
        """Compare ``queries`` with ``keys``."""
        check_layout(self, "(N, D)", queries=queries, keys=keys)
        if queries.shape[1] != keys.shape[1] or len(keys) < len(queries):
            found = f"`queries` {tuple(queries.shape)} and `keys` {tuple(keys.shape)}"
            raise LossInputError(f"InfoNCELoss expects (N, D) and (M, D) with M >= N, got {found}")
        if self.normalized:
            queries, keys = normalize(queries, dim=1), normalize(keys, dim=1)
        logits = queries @ keys.T / self.temperature
        if scale is not None:
            logits = logits * one_number(self, "scale", scale)
        own = torch.arange(len(queries), device=logits.device)
        return cross_entropy(logits, own, reduction=self.reduction)


class SigmoidContrastiveLoss(nn.Module):
    """SigLIP: every pair of embeddings is one binary decision, whether the two belong together.

    .. math:: mean_n sum_m -ln sigma(z_nm (scale x_n . y_m + bias)),  z_nm = 1 if n = m, else -1

    Args:
        normalized: whether to divide the embeddings by their lengths, so that the products are cosines.
        reduction: ``"mean"`` over items of the sums over their pairs, ``"sum"``, or ``"none"`` for one value
            an item.

    Shape:
        input, target: ``(N, D)``, the same for both, those at equal positions belong together; scale: a
        learned factor of the products, a scalar; bias: a learned summand, a scalar. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ, are empty or not ``(N, D)``.

    Reference:
        Zhai et al., Sigmoid loss for language image pre-training, 2023. https://arxiv.org/abs/2303.15343

    Example:
        >>> x = torch.eye(2)
        >>> SigmoidContrastiveLoss()(x, x, torch.tensor(20.0), torch.tensor(-10.0))  # 2 ln(1 + e^-10)
        tensor(9.0798e-05)
    """

    def __init__(self, normalized: bool = True, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.normalized = normalized
        self.reduction = check_reduction(reduction)

    def forward(self, input: Tensor, target: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        """Compare every item of ``input`` with every item of ``target``."""
        check_alike(self, "(N, D)", input=input, target=target)
        x, y = (normalize(each, dim=1) if self.normalized else each for each in (input, target))
        logits = one_number(self, "scale", scale) * (x @ y.T) + one_number(self, "bias", bias)
        signs = 2 * torch.eye(len(x), dtype=logits.dtype, device=logits.device) - 1
        return reduce(-logsigmoid(signs * logits).sum(dim=1), self.reduction)


def one_number(loss: nn.Module, name: str, value: Tensor) -> Tensor:
    """Return a tensor of one element as a scalar.

    Raises:
        LossInputError: it has more or no elements.
    """
    if value.numel() != 1:
        raise LossInputError(
            f"{type(loss).__name__} expects `{name}` as one number, got {tuple(value.shape)}"
        )
    return value.reshape(())
