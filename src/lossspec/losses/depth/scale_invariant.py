"""The scale-invariant error of logarithmic depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, chosen

if TYPE_CHECKING:
    from torch import Tensor


class ScaleInvariantLogLoss(nn.Module):
    """Squared error of logarithmic depth, less a share of its squared mean, which a wrong scale would cause.

    .. math:: mean(d^2) - lambd mean(d)^2,  d = ln input - ln target,  or its root

    There is no hidden factor: the 10 of BTS is the weight of the term.

    Args:
        lambd: in [0, 1]; 1 ignores the scale. It can be set at any time, also by a schedule.
        root: whether to take the square root, as BTS and its successors do. At 0 it has gradient 0.
        over: ``"batch"`` takes the means over all images together; ``"image"`` over each image, and then the
            mean over images, as the paper does.

    Shape:
        input, target: depths above 0 where they count, ``(N, *)``, the same for both; mask: where they
        count, bool or 0 and 1, the same shape, by default everywhere. Returns a scalar, 0 for an empty mask.

    Raises:
        UnknownNameError: ``over`` is unknown.
        LossInputError: ``lambd`` is out of range; on call: the shapes differ or are empty.

    Reference:
        Eigen et al., Depth map prediction from a single image, 2014, https://arxiv.org/abs/1406.2283; with
        the root: Lee et al. (BTS), 2019, https://arxiv.org/abs/1907.10326.

    Example:
        >>> depth = torch.tensor([[1.0, 2.0, 4.0]])
        >>> ScaleInvariantLogLoss(lambd=1.0)(5 * depth, depth)  # a wrong scale alone
        tensor(0.)
    """

    def __init__(
        self, lambd: float = 0.5, root: bool = False, over: Literal["batch", "image"] = "batch"
    ) -> None:
        super().__init__()
        if not 0 <= lambd <= 1:
            raise LossInputError(f"ScaleInvariantLogLoss needs 0 <= lambd <= 1, got lambd = {lambd}")
        self.lambd = lambd
        self.root = root
        self.over = chosen("over", over, ("batch", "image"))

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compare ``input`` with ``target`` where ``mask`` is 1."""
        check_alike(self, "(*)", input=input, target=target)
        valid = torch.ones_like(target, dtype=torch.bool)
        if mask is not None:
            check_alike(self, "(*)", input=input, mask=mask)
            valid = mask != 0
        # a depth that does not count may be 0, whose logarithm would spread NaN through the gradient
        difference = input.where(valid, 1).log() - target.where(valid, 1).log()
        groups = difference.flatten(1 if self.over == "image" and difference.dim() > 1 else 0)
        counts = valid.reshape(groups.shape).sum(dim=-1).clamp(min=1)
        mean, square = groups.sum(dim=-1) / counts, groups.square().sum(dim=-1) / counts
        error = square - self.lambd * mean.square()
        if self.root:
            error = error.where(error > 0, 1).sqrt().where(error > 0, 0)
        return error.mean()
