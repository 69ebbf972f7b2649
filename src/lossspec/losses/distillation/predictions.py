"""The divergence between the predictions of a student and its teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import kl_div, log_softmax

from lossspec.losses.check import check_alike, check_positive

if TYPE_CHECKING:
    from torch import Tensor


class DistillationKLLoss(nn.Module):
    """Kullback-Leibler divergence of a student's softened class probabilities from its teacher's.

    .. math:: mean_n sum_c p_c log(p_c / q_c),  p = softmax(t / T),  q = softmax(s / T)

    over the last dimension, averaged over all others. There is no hidden factor: the ``T^2`` of the
    paper is part of the weight of the term. Detach the teacher if it should get no gradient.

    Args:
        temperature: ``T > 0``. It can be set at any time (``loss.temperature = 2.0``), also by a schedule.

    Shape:
        student, teacher: logits ``(*, C)``, the same for both. Returns a scalar.

    Raises:
        LossInputError: ``temperature`` is not positive; on call: the shapes differ or are empty.

    Reference:
        Hinton et al., Distilling the knowledge in a neural network, 2015. https://arxiv.org/abs/1503.02531

    Example:
        >>> import torch
        >>> loss = DistillationKLLoss(temperature=1.0)
        >>> loss(torch.zeros(1, 2), torch.tensor([[100.0, 0.0]]))  # a certain teacher, an uncertain student
        tensor(0.6931)
    """

    def __init__(self, temperature: float = 4.0) -> None:
        super().__init__()
        check_positive(self, temperature=temperature)
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare the logits of ``student`` with those of ``teacher``."""
        check_alike(self, "(*)", student=student, teacher=teacher)
        q, p = (log_softmax(logits / self.temperature, dim=-1) for logits in (student, teacher))
        classes = student.shape[-1]
        return kl_div(q.reshape(-1, classes), p.reshape(-1, classes), reduction="batchmean", log_target=True)
