"""The loss of KTO, which learns from single answers that are good or bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.losses.check import check_alike, check_positive
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class KTOLoss(nn.Module):
    """Kahneman-Tversky optimisation: a good answer should gain on the reference, a bad one should lose.

    .. math::
        mean w (1 - sigma(s beta (policy - reference - z))),  z = max(0, mean(policy_kl - reference_kl))

    where ``s`` is 1 for a desirable answer and -1 for an undesirable one, ``w`` the weight of its kind, and
    ``z`` an estimate of the divergence from the reference, without gradient. With several processes, ``z``
    is that of each, where TRL averages it over all.

    Args:
        beta: above 0, how far the policy may move. It can be set at any time, also by a schedule.
        desirable_weight: the weight of desirable answers, likewise.
        undesirable_weight: the weight of undesirable answers, likewise.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value an answer.

    Shape:
        policy, reference: log-probabilities of the answers, summed over tokens, ``(N)``, in nats;
        desirable: ``(N)``, bool or 0 and 1; policy_kl, reference_kl: log-probabilities of answers to other
        prompts of the batch, ``(M)``. Returns a scalar.

    Raises:
        LossInputError: ``beta`` is not positive; on call: the shapes differ or are empty.

    Reference:
        Ethayarajh et al., KTO, 2024. https://arxiv.org/abs/2402.01306

    Example:
        >>> import torch
        >>> zero = torch.zeros(2)
        >>> KTOLoss()(zero, zero, torch.tensor([True, False]), zero, zero)
        tensor(0.5000)
    """

    def __init__(
        self,
        beta: float = 0.1,
        desirable_weight: float = 1.0,
        undesirable_weight: float = 1.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_positive(self, beta=beta)
        self.beta = beta
        self.desirable_weight = desirable_weight
        self.undesirable_weight = undesirable_weight
        self.reduction = check_reduction(reduction)

    def forward(
        self, policy: Tensor, reference: Tensor, desirable: Tensor, policy_kl: Tensor, reference_kl: Tensor
    ) -> Tensor:
        """Compare the log-probabilities of answers with those of the reference."""
        check_alike(self, "(*)", policy=policy, reference=reference, desirable=desirable)
        check_alike(self, "(*)", policy_kl=policy_kl, reference_kl=reference_kl)
        divergence = (policy_kl - reference_kl).mean().clamp(min=0).detach()
        gain = policy - reference - divergence
        good = desirable.to(gain.dtype)
        weight = self.desirable_weight * good + self.undesirable_weight * (1 - good)
        # the sigmoid of the negated gain is 1 minus that of the gain
        return reduce(weight * (self.beta * (1 - 2 * good) * gain).sigmoid(), self.reduction)
