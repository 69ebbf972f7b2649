"""Absolute error where a mask says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout, chosen

if TYPE_CHECKING:
    from torch import Tensor


class MaskedL1Loss(nn.Module):
    """Mean absolute error, each element times its mask.

    .. math:: sum(m |x - y|) / number of elements,  or  sum(m |x - y|) / sum(m)

    Args:
        divide_by: ``"all"`` elements, as LaMa has it, so that a smaller mask weighs less; or ``"mask"``: the
            mean of what it selects, and 0 where it selects nothing.

    Shape:
        input, target: any, the same for both; mask: a shape that broadcasts to it (``(N, 1, H, W)``), bool or
        in [0, 1], 1 where the error counts. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ, are empty, or the mask's doesn't broadcast to them.

    Reference:
        Suvorov et al. (LaMa), 2021, https://arxiv.org/abs/2109.07161; by the mask: Liu et al., 2018,
        https://arxiv.org/abs/1804.07723.

    Example:
        >>> import torch
        >>> x, y, mask = torch.tensor([4.0, 2.0]), torch.zeros(2), torch.tensor([0.0, 1.0])
        >>> MaskedL1Loss()(x, y, mask), MaskedL1Loss(divide_by="mask")(x, y, mask)
        (tensor(1.), tensor(2.))
    """

    def __init__(self, divide_by: Literal["all", "mask"] = "all") -> None:
        super().__init__()
        self.divide_by = chosen("divide_by", divide_by, ("all", "mask"))

    def forward(self, input: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """Compare ``input`` with ``target`` where ``mask`` is 1."""
        check_layout(self, "(*)", input=input, target=target, mask=mask)
        check_alike(self, input=input, target=target)
        try:
            weight = mask.to(input.dtype).expand_as(input)
        except RuntimeError as error:
            shapes = f"`mask` {tuple(mask.shape)} to `input` {tuple(input.shape)}"
            raise LossInputError(f"MaskedL1Loss can't broadcast {shapes}") from error
        difference: Tensor = weight * (input - target).abs()
        if self.divide_by == "all":
            return difference.mean()
        selected: Tensor = weight.sum()
        return difference.sum() / selected.where(selected != 0, 1)  # of nothing: 0 / 1
