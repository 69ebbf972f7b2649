"""The Charbonnier loss: a smooth absolute error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.losses.check import check_alike, check_positive
from lossspec.losses.reduction import Reduction, check_reduction, reduce

if TYPE_CHECKING:
    from torch import Tensor


class CharbonnierLoss(nn.Module):
    """Charbonnier loss: a differentiable absolute error.

    .. math:: mean sqrt((x - y)^2 + eps)

    as in BasicSR, so ``eps`` is the square of the one in LapSRN's paper: 1e-6 here is 1e-3 there. At
    ``x = y`` it is ``sqrt(eps)``, not 0. ``kornia.CharbonnierLoss`` is another function,
    ``sqrt(d^2 + 1) - 1``.

    Args:
        eps: above 0.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one value per element.

    Shape:
        input, target: any, the same for both. Returns a scalar.

    Raises:
        LossInputError: ``eps`` is not positive; on call: the shapes differ or are empty.

    Reference:
        Charbonnier et al., 1994, https://doi.org/10.1109/ICIP.1994.413553; Lai et al. (LapSRN), 2017,
        https://arxiv.org/abs/1710.01992.

    Example:
        >>> import torch
        >>> CharbonnierLoss(eps=16.0)(torch.tensor([3.0]), torch.tensor([0.0]))
        tensor(5.)
    """

    def __init__(self, eps: float = 1e-12, reduction: Reduction = "mean") -> None:
        super().__init__()
        check_positive(self, eps=eps)
        self.eps = eps
        self.reduction = check_reduction(reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(*)", input=input, target=target)
        return reduce(((input - target).square() + self.eps).sqrt(), self.reduction)
