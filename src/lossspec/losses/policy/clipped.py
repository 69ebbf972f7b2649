"""The two clipped losses of PPO: of the policy and of its value function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class ClippedSurrogateLoss(nn.Module):
    """PPO's loss of the policy: an advantage times a ratio of probabilities, which is clipped.

    .. math:: mean(-min(r A, clip(r, 1 - clip, 1 + clip_high) A)),  r = exp(p - q)

    p is the log-probability of an action now, ``log_prob``, and q the one before, ``old_log_prob``.

    Args:
        clip: 0 or more, and at most 1. It can be set at any time, also by a schedule.
        clip_high: the upper bound, where it differs from ``clip`` (DAPO's clip-higher); likewise.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value an action or token.

    Shape:
        log_prob: log-probabilities of the actions under the policy, any shape, in nats; old_log_prob: when
        they were taken, the same shape, usually without gradient; advantages: the same shape. Returns a
        scalar.

    Raises:
        LossInputError: ``clip`` or ``clip_high`` is out of range; on call: the shapes differ or are empty.

    Reference:
        Schulman et al., Proximal policy optimization algorithms, 2017, equation 7,
        https://arxiv.org/abs/1707.06347; clip-higher: Yu et al., DAPO, 2025,
        https://arxiv.org/abs/2503.14476.

    Example:
        >>> old = torch.zeros(2)
        >>> ratio = torch.tensor([1.5, 0.5])
        >>> ClippedSurrogateLoss(reduction="none")(ratio.log(), old, torch.tensor([1.0, 1.0]))
        tensor([-1.2000, -0.5000])
    """

    def __init__(
        self, clip: float = 0.2, clip_high: float | None = None, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        if not 0 <= clip <= 1:
            raise LossInputError(f"ClippedSurrogateLoss needs 0 <= clip <= 1, got clip = {clip}")
        if clip_high is not None and not clip_high >= 0:
            raise LossInputError(f"ClippedSurrogateLoss needs clip_high >= 0, got clip_high = {clip_high}")
        self.clip = clip
        self.clip_high = clip_high
        self.reduction = check_reduction(reduction)

    def forward(self, log_prob: Tensor, old_log_prob: Tensor, advantages: Tensor) -> Tensor:
        """Weigh ``advantages`` by the clipped ratio of probabilities."""
        check_alike(self, "(*)", log_prob=log_prob, old_log_prob=old_log_prob, advantages=advantages)
        high = self.clip if self.clip_high is None else self.clip_high
        ratio = (log_prob - old_log_prob).exp()
        clipped = ratio.clamp(min=1 - self.clip).clamp(max=1 + high)
        return reduce(-torch.minimum(ratio * advantages, clipped * advantages), self.reduction)


class ClippedValueLoss(nn.Module):
    """PPO's loss of the value function: a squared error that gains nothing from moving too far.

    .. math:: mean max((v - R)^2, (old + clip(v - old, -clip, clip) - R)^2)

    There is no hidden factor: the half of OpenAI's code is part of the weight of the term.

    Args:
        clip: 0 or more. It can be set at any time, also by a schedule.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a state.

    Shape:
        values: ``v``, any shape; old_values: those of the policy that acted, the same shape; returns: ``R``,
        the same shape. Returns a scalar.

    Raises:
        LossInputError: ``clip`` is negative; on call: the shapes differ or are empty.

    Reference:
        Schulman et al., 2017, https://arxiv.org/abs/1707.06347, as in
        https://github.com/openai/baselines (ppo2).

    Example:
        >>> values, old, returns = torch.tensor([3.0]), torch.tensor([1.0]), torch.tensor([3.0])
        >>> ClippedValueLoss(clip=0.5)(values, old, returns)  # (1.5 - 3)^2, though the value is right
        tensor(2.2500)
    """

    def __init__(self, clip: float = 0.2, reduction: Reduction = "mean") -> None:
        super().__init__()
        if not clip >= 0:
            raise LossInputError(f"ClippedValueLoss needs clip >= 0, got clip = {clip}")
        self.clip = clip
        self.reduction = check_reduction(reduction)

    def forward(self, values: Tensor, old_values: Tensor, returns: Tensor) -> Tensor:
        """Compare ``values`` with ``returns``."""
        check_alike(self, "(*)", values=values, old_values=old_values, returns=returns)
        clipped = old_values + (values - old_values).clamp(-self.clip, self.clip)
        errors = torch.maximum((values - returns).square(), (clipped - returns).square())
        return reduce(errors, self.reduction)
