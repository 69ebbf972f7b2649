"""The loss of self-distillation: a student predicts what a centred teacher says of other views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import distributed, nn
from torch.nn.functional import log_softmax, softmax

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_positive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class SelfDistillationLoss(nn.Module):
    """DINO: cross-entropy of a student's views with the centred and sharpened predictions of its teacher.

    .. math::
        mean_ij mean_n(-sum_c p_inc ln q_jnc) where i != j
        p_i = softmax((teacher_i - center) / teacher_temperature)
        q_j = softmax(student_j / student_temperature)
        center <- momentum center + (1 - momentum) mean_in teacher_in

    The teacher gets no gradient. As in the authors' code, the centre moves after it was used, in training
    mode only, and is averaged over the processes of a distributed run. It is a buffer, ``center``, so it is
    in ``state_dict``.

    Args:
        dimension: ``K``, the number of outputs of the projection head.
        teacher_temperature: above 0. It can be set at any time, also by a schedule.
        student_temperature: above 0, likewise.
        momentum: in [0, 1), how much of the centre stays.

    Shape:
        student: a list of views, ``(N, K)`` each, those of the teacher first; teacher: a list of views,
        ``(N, K)`` each, at most as many. Returns a scalar.

    Raises:
        LossInputError: an argument is out of range; on call: there is no pair of different views, or a shape
            is wrong or empty.

    Reference:
        Caron et al., Emerging properties in self-supervised vision transformers, 2021.
        https://arxiv.org/abs/2104.14294

    Example:
        >>> loss = SelfDistillationLoss(dimension=2)
        >>> views = [torch.zeros(1, 2), torch.zeros(1, 2)]
        >>> loss(views, views)  # ln 2
        tensor(0.6931)
    """

    center: Tensor

    def __init__(
        self,
        dimension: int,
        teacher_temperature: float = 0.04,
        student_temperature: float = 0.1,
        momentum: float = 0.9,
    ) -> None:
        super().__init__()
        check_positive(
            self,
            dimension=dimension,
            teacher_temperature=teacher_temperature,
            student_temperature=student_temperature,
        )
        if not 0 <= momentum < 1:
            raise LossInputError(f"SelfDistillationLoss needs 0 <= momentum < 1, got momentum = {momentum}")
        self.teacher_temperature = teacher_temperature
        self.student_temperature = student_temperature
        self.momentum = momentum
        self.register_buffer("center", torch.zeros(dimension))

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
        """Compare every view of ``student`` with every other view of ``teacher``, and move the centre."""
        self._check(student, teacher)
        with torch.no_grad():
            center = self.center.clone()  # the buffer moves before the gradient is computed
            targets = [softmax((view - center) / self.teacher_temperature, dim=-1) for view in teacher]
        predictions = [log_softmax(view / self.student_temperature, dim=-1) for view in student]
        parts = [
            -(target * prediction).sum(dim=-1).mean()
            for i, target in enumerate(targets)
            for j, prediction in enumerate(predictions)
            if i != j
        ]
        if self.training:
            self._move(torch.stack([view.detach() for view in teacher]))
        return torch.stack(parts).mean()

    def _move(self, teacher: Tensor) -> None:
        mean = teacher.flatten(0, 1).to(self.center.dtype).mean(dim=0)
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(mean)
            mean = mean / distributed.get_world_size()
        self.center.copy_(self.momentum * self.center + (1 - self.momentum) * mean)

    def _check(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> None:
        for name, views in (("student", student), ("teacher", teacher)):
            if not isinstance(views, (list, tuple)):
                found = type(views).__name__
                raise LossInputError(
                    f"SelfDistillationLoss expects `{name}` as a list of views, got a {found}"
                )
        if len(student) < 2 or not 1 <= len(teacher) <= len(student):
            raise LossInputError(
                "SelfDistillationLoss needs at least 2 views of the student and 1 of the teacher, and the "
                f"teacher's among the student's, got {len(student)} and {len(teacher)}"
            )
        named = {f"student[{i}]": view for i, view in enumerate(student)}
        others = {f"teacher[{i}]": view for i, view in enumerate(teacher)}
        check_alike(self, "(N, D)", **named, **others)
        if student[0].shape[1] != len(self.center):
            raise LossInputError(
                f"SelfDistillationLoss has dimension = {len(self.center)}, got `student[0]` "
                f"{tuple(student[0].shape)}"
            )
