"""SoftAdapt: the losses that grow, or shrink the least, weigh the most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from lossspec.losses.balancing.by_value.value_balancer import ValueBalancer, softmax_of
from lossspec.losses.check import check_finite, chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_EPS = 1e-8


class SoftAdapt(ValueBalancer):
    """SoftAdapt: weights by a softmax over how each loss changed since the last step.

    .. math::
        sum_k w_k lambda_k L_k,  lambda = K softmax(beta r)
        r_k = L_k(t) - L_k(t - 1)  ("difference")
        r_k = L_k(t) / (L_k(t - 1) + 1e-8)  ("ratio")

    where K is the number of losses and ``w_k`` the weights of the spec. In the first step all ``lambda_k``
    are 1. The paper and the authors use the difference, PhysicsNeMo the ratio, which does not depend on the
    scale of a loss. With a ``beta`` below 0, the losses that shrink the fastest weigh the most.

    A loss that is skipped keeps its ``lambda_k`` and its last value. Then K is the number of the others. A
    loss without a last value counts as unchanged.

    Args:
        losses: the names of the losses.
        variant: "difference" or "ratio".
        beta: how much a change counts; 0 gives equal weights.

    Shape:
        values: scalars by name. Returns a scalar, and the weights ``w_k lambda_k`` by name.

    Raises:
        UnknownNameError: ``variant`` is unknown.
        LossInputError: ``beta`` is not finite.

    Reference:
        Heydari et al., SoftAdapt: Techniques for adaptive loss weighting of neural networks with multi-part
        loss functions, 2019, equation 6. https://arxiv.org/abs/1912.12355

    Example:
        >>> balancer = SoftAdapt(["a", "b"])
        >>> for a in (1.0, 2.0):
        ...     values = {"a": torch.tensor(a), "b": torch.tensor(1.0)}
        ...     total, applied = balancer(values, {"a": 1.0, "b": 1.0})
        >>> round(float(applied["a"]), 3)  # 2 e / (e + 1)
        1.462
    """

    last: Tensor

    def __init__(
        self, losses: Sequence[str], variant: Literal["difference", "ratio"] = "difference", beta: float = 1.0
    ) -> None:
        super().__init__(losses)
        self.variant = chosen("variant", variant, ("difference", "ratio"))
        check_finite(self, beta=beta)
        self.beta = beta
        self.register_buffer("last", torch.full_like(self.weights, torch.nan))

    def move(self, values: Tensor, known: Tensor) -> None:
        """Set the weights by the change since the last step."""
        is_new = self.last.isnan()
        if self.variant == "difference":
            rates = torch.where(is_new, 0.0, values - self.last)
        else:
            rates = torch.where(is_new, 1.0, values / (self.last + _EPS))
        found = softmax_of(self.beta * rates, known)
        self.weights.copy_(torch.where(known, found, self.weights))
        self.last.copy_(torch.where(known, values, self.last))
