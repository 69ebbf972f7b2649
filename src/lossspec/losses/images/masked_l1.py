"""Absolute error within a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_layout, chosen

if TYPE_CHECKING:
    from torch import Tensor


class MaskedL1Loss(nn.Module):
    """Mean absolute error of elements times their mask.

    .. math:: sum(m |x - y|) / number of elements,  or  sum(m |x - y|) / sum(m)

    Args:
        divide_by: ``"all"``, the number of elements, as in LaMa, so a smaller mask weighs less; or
            ``"mask"``, for the mean over the selected elements, which is 0 for an empty selection.

    Shape:
        input, target: any, the same for both; mask: a shape that broadcasts to it (``(N, 1, H, W)``), bool or
        in [0, 1], 1 where the error counts. Returns a scalar.

    Raises:
        LossInputError: on call: the shapes differ or are empty, or the mask does not broadcast to them.

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
        check_alike(self, "(*)", input=input, target=target)
        check_layout(self, "(*)", mask=mask)
        try:
            weight = mask.to(input.dtype).expand_as(input)
        except RuntimeError as error:
            shapes = f"`mask` {tuple(mask.shape)} to `input` {tuple(input.shape)}"
            raise LossInputError(f"MaskedL1Loss cannot broadcast {shapes}") from error
        difference: Tensor = weight * (input - target).abs()
        if self.divide_by == "all":
            return difference.mean()
        selected: Tensor = weight.sum()
        return difference.sum() / selected.where(selected != 0, 1)  # 0 / 1 for an empty selection
