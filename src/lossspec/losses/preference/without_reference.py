"""Preference losses that need no reference model: SimPO and the odds ratio of ORPO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import logsigmoid

from lossspec.losses.check import check_alike, check_positive
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class SimPOLoss(nn.Module):
    """Simple preference optimisation: the chosen answer should win by a margin, per token.

    .. math:: mean(-ln sigma(beta (chosen - rejected) - gamma))

    Args:
        beta: above 0, the scale of the reward. It can be set at any time, also by a schedule.
        gamma: the target margin of the reward, likewise; the authors' code has ``gamma / beta``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a pair.

    Shape:
        chosen, rejected: log-probabilities of the answers, averaged over their tokens, ``(N)``, in nats.
        Returns a scalar.

    Raises:
        LossInputError: ``beta`` is not positive; on call: the shapes differ or are empty.

    Reference:
        Meng et al., SimPO, 2024. https://arxiv.org/abs/2405.14734

    Example:
        >>> import torch
        >>> SimPOLoss(beta=2.0, gamma=1.0)(torch.tensor([-1.0]), torch.tensor([-1.5]))  # ln 2
        tensor(0.6931)
    """

    def __init__(self, beta: float = 2.0, gamma: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        check_positive(self, beta=beta)
        self.beta = beta
        self.gamma = gamma
        self.reduction = check_reduction(reduction)

    def forward(self, chosen: Tensor, rejected: Tensor) -> Tensor:
        """Compare the mean log-probabilities of pairs of answers."""
        check_alike(self, "(*)", chosen=chosen, rejected=rejected)
        return reduce(-logsigmoid(self.beta * (chosen - rejected) - self.gamma), self.reduction)


class OddsRatioLoss(nn.Module):
    """The odds ratio term of ORPO: the odds of the chosen answer against those of the rejected one.

    .. math:: mean(-ln sigma(o(chosen) - o(rejected))),  o(p) = p - ln(1 - e^p)

    ``o`` is the logarithm of the odds of a log-probability. There is no hidden factor: ``lambda`` of the
    paper is the weight of the term.

    Args:
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a pair.

    Shape:
        chosen, rejected: log-probabilities of the answers, averaged over their tokens, ``(N)``, in nats,
        below 0. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ or are empty.

    Reference:
        Hong et al., ORPO, 2024. https://arxiv.org/abs/2403.07691

    Example:
        >>> import torch
        >>> p = torch.tensor([0.75, 0.5]).log()  # odds of 3 and 1: -ln(3 / 4)
        >>> OddsRatioLoss()(p[:1], p[1:])
        tensor(0.2877)
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, chosen: Tensor, rejected: Tensor) -> Tensor:
        """Compare the mean log-probabilities of pairs of answers."""
        check_alike(self, "(*)", chosen=chosen, rejected=rejected)
        return reduce(-logsigmoid(_log_odds(chosen) - _log_odds(rejected)), self.reduction)


def _log_odds(log_probability: Tensor) -> Tensor:
    """Return ``ln(p / (1 - p))``; ``expm1`` keeps ``1 - p`` exact near a probability of 1."""
    return log_probability - (-log_probability.expm1()).log()
