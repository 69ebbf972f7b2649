"""Preference losses that compare a policy with a frozen reference: DPO and IPO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import logsigmoid

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_positive
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class DPOLoss(nn.Module):
    """Direct preference optimisation: the chosen answer should gain more on the reference than the rejected.

    .. math::
        mean(-(1 - s) ln sigma(beta h) - s ln sigma(-beta h))
        h = (chosen - reference_chosen) - (rejected - reference_rejected)

    Args:
        beta: above 0, how far the policy may move. It can be set at any time, also by a schedule.
        label_smoothing: ``s``, in [0, 0.5): the probability that a label is flipped (conservative DPO).
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a pair.

    Shape:
        chosen, rejected: log-probabilities of the answers under the policy, summed over tokens, ``(N)``, in
        nats; reference_chosen, reference_rejected: under the reference, the same shape. Returns a scalar.

    Raises:
        LossInputError: ``beta`` or ``label_smoothing`` is out of range; on call: the shapes differ or are
            empty.

    Reference:
        Rafailov et al., 2023, https://arxiv.org/abs/2305.18290; with label smoothing: Mitchell, 2023,
        https://ericmitchell.ai/cdpo.pdf.

    Example:
        >>> import torch
        >>> chosen, rejected, reference = torch.tensor([-2.0]), torch.tensor([-9.0]), torch.tensor([-5.0])
        >>> DPOLoss(beta=1.0)(chosen, rejected, reference, reference)  # ln(1 + e^-7)
        tensor(0.0009)
    """

    def __init__(
        self, beta: float = 0.1, label_smoothing: float = 0.0, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        check_positive(self, beta=beta)
        if not 0 <= label_smoothing < 0.5:
            raise LossInputError(
                f"DPOLoss needs 0 <= label_smoothing < 0.5, got label_smoothing = {label_smoothing}"
            )
        self.beta = beta
        self.label_smoothing = label_smoothing
        self.reduction = check_reduction(reduction)

    def forward(
        self, chosen: Tensor, rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor
    ) -> Tensor:
        """Compare the log-probabilities of pairs of answers."""
        margin = self.beta * log_ratio(self, chosen, rejected, reference_chosen, reference_rejected)
        losses = -logsigmoid(margin)
        if self.label_smoothing:
            losses = (1 - self.label_smoothing) * losses - self.label_smoothing * logsigmoid(-margin)
        return reduce(losses, self.reduction)


class IPOLoss(nn.Module):
    """Identity preference optimisation: the gain on the reference should differ by a fixed margin.

    .. math:: mean (h - 1 / (2 beta))^2,  h = (chosen - reference_chosen) - (rejected - reference_rejected)

    Args:
        beta: above 0; the margin is ``1 / (2 beta)``. It can be set at any time, also by a schedule.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value a pair.

    Shape:
        as for ``DPOLoss``: summed over tokens in the paper, averaged over them in TRL. Returns a scalar.

    Raises:
        LossInputError: ``beta`` is not positive; on call: the shapes differ or are empty.

    Reference:
        Azar et al., A general theoretical paradigm to understand learning from human preferences, 2023,
        equation 17. https://arxiv.org/abs/2310.12036

    Example:
        >>> import torch
        >>> chosen, rejected, reference = torch.tensor([-2.0]), torch.tensor([-9.0]), torch.tensor([-5.0])
        >>> IPOLoss(beta=0.1)(chosen, rejected, reference, reference)  # (7 - 5)^2
        tensor(4.)
    """

    def __init__(self, beta: float = 0.1, reduction: Reduction = "mean") -> None:
        super().__init__()
        check_positive(self, beta=beta)
        self.beta = beta
        self.reduction = check_reduction(reduction)

    def forward(
        self, chosen: Tensor, rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor
    ) -> Tensor:
        """Compare the log-probabilities of pairs of answers."""
        ratio = log_ratio(self, chosen, rejected, reference_chosen, reference_rejected)
        return reduce((ratio - 1 / (2 * self.beta)).square(), self.reduction)


def log_ratio(
    loss: nn.Module, chosen: Tensor, rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor
) -> Tensor:
    """Return by how much more the chosen answer gained on the reference than the rejected one.

    Raises:
        LossInputError: the shapes differ or are empty.
    """
    check_alike(
        loss,
        "(*)",
        chosen=chosen,
        rejected=rejected,
        reference_chosen=reference_chosen,
        reference_rejected=reference_rejected,
    )
    return (chosen - rejected) - (reference_chosen - reference_rejected)
