"""The entropy of a policy, and its divergence from a reference, estimated on the actions taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import nn
from torch.nn.functional import log_softmax

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout, chosen
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class EntropyLoss(nn.Module):
    """Entropy of class probabilities, in nats. With a negative weight it is a bonus.

    .. math:: mean(-sum_c p_c ln p_c),  p = softmax(logits)

    Args:
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a distribution.

    Shape:
        logits: ``(*, C)``, at least two dimensions. Returns a scalar.

    Raises:
        LossInputError: on call: the logits have one dimension or are empty.

    Reference:
        as a bonus: Mnih et al., Asynchronous methods for deep reinforcement learning, 2016.
        https://arxiv.org/abs/1602.01783

    Example:
        >>> import torch
        >>> EntropyLoss()(torch.zeros(1, 2))  # ln 2
        tensor(0.6931)
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, logits: Tensor) -> Tensor:
        """Return the entropy of the distributions with these ``logits``."""
        check_layout(self, "(*)", logits=logits)
        if logits.dim() < 2:
            raise LossInputError(f"EntropyLoss expects `logits` as (*, C), got {tuple(logits.shape)}")
        log_p = log_softmax(logits, dim=-1)
        return reduce(-(log_p.exp() * log_p).sum(dim=-1), self.reduction)


class PolicyKLLoss(nn.Module):
    """Divergence of a policy from a reference, estimated on the actions that the policy took.

    .. math:: mean of k1 = d,  k2 = d^2 / 2,  or k3 = exp(-d) - 1 + d,  d = log_prob - reference

    ``k1`` and ``k3`` have the divergence as their mean; ``k3`` is never negative and varies less.

    Args:
        estimator: ``"k1"``, ``"k2"`` or ``"k3"``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value an action or token.

    Shape:
        log_prob: log-probabilities of the actions under the policy, any shape, in nats; reference: under the
        reference, the same shape. Returns a scalar.

    Raises:
        UnknownNameError: ``estimator`` is unknown.
        LossInputError: on call: the shapes differ or are empty.

    Reference:
        Schulman, Approximating KL divergence, 2020, http://joschu.net/blog/kl-approx.html; ``k3`` in
        GRPO: Shao et al., DeepSeekMath, 2024, https://arxiv.org/abs/2402.03300.

    Example:
        >>> import torch
        >>> PolicyKLLoss()(torch.tensor([0.5]).log(), torch.tensor([1.0]).log())  # 2 - 1 - ln 2
        tensor(0.3069)
    """

    def __init__(self, estimator: Literal["k1", "k2", "k3"] = "k3", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.estimator = chosen("estimator", estimator, ("k1", "k2", "k3"))
        self.reduction = check_reduction(reduction)

    def forward(self, log_prob: Tensor, reference: Tensor) -> Tensor:
        """Compare the log-probabilities of the policy with those of the reference."""
        check_alike(self, "(*)", log_prob=log_prob, reference=reference)
        difference = log_prob - reference
        if self.estimator == "k2":
            difference = difference.square() / 2
        elif self.estimator == "k3":  # expm1 avoids cancellation where the two nearly agree
            difference = (-difference).expm1() + difference
        return reduce(difference, self.reduction)
