"""Compares the features that a discriminator computes of two images, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, chosen
from lossspec.losses.reduction import DISTANCES, Distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class FeatureMatchingLoss(nn.Module):
    """Distance between two lists of feature maps, summed or averaged over the layers.

    .. math:: sum_l mean |f_l(fake) - f_l(real)|

    (squared with ``distance="l2"``; divided by the number of layers with ``layers="mean"``). With
    ``relative`` each layer is divided by the mean of ``|f_l(real)|``, as in EnCodec's paper. Detach the
    real features if they should get no gradient.

    For several discriminators, a list of such lists, use the term's ``lists``.

    Args:
        distance: ``"l1"`` or ``"l2"``.
        layers: ``"sum"`` or ``"mean"``.
        relative: whether to divide each layer by the mean magnitude of the real features.

    Shape:
        fake, real: lists of the same length, with the same shape for each layer. Returns a scalar.

    Raises:
        UnknownNameError: ``distance`` or ``layers`` is unknown.
        LossInputError: on call: an input is not a list, the lists are empty or of different lengths, or the
            shapes of a layer differ.

    Reference:
        Salimans et al., Improved techniques for training GANs, 2016, https://arxiv.org/abs/1606.03498;
        layer by layer: Wang et al. (pix2pixHD), 2017, https://arxiv.org/abs/1711.11585.

    Example:
        >>> fake, real = [torch.ones(1, 2), torch.ones(1, 3)], [torch.zeros(1, 2), torch.zeros(1, 3)]
        >>> FeatureMatchingLoss()(fake, real), FeatureMatchingLoss(layers="mean")(fake, real)
        (tensor(2.), tensor(1.))
    """

    def __init__(
        self, distance: Distance = "l1", layers: Literal["sum", "mean"] = "sum", relative: bool = False
    ) -> None:
        super().__init__()
        self.distance = chosen("distance", distance, DISTANCES)
        self.layers = chosen("layers", layers, ("sum", "mean"))
        self.relative = relative

    def forward(self, fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
        """Compare the features of a fake image with those of a real one."""
        for name, features in (("fake", fake), ("real", real)):
            if not isinstance(
                features, (list, tuple)
            ):  # torch.compile before 2.9 does not support `list | tuple`
                found = type(features).__name__
                raise LossInputError(
                    f"FeatureMatchingLoss expects `{name}` as a list of tensors, got a {found}"
                )
        if not fake or len(fake) != len(real):
            found = f"`fake` {len(fake)}, `real` {len(real)}"
            raise LossInputError(f"FeatureMatchingLoss expects two lists of the same length, got {found}")
        each = torch.stack([self._compare(i, x, y) for i, (x, y) in enumerate(zip(fake, real, strict=True))])
        return each.sum() if self.layers == "sum" else each.mean()

    def _compare(self, layer: int, fake: Tensor, real: Tensor) -> Tensor:
        named = {f"fake[{layer}]": fake, f"real[{layer}]": real}
        check_alike(self, "(*)", **named)
        found = DISTANCES[self.distance](fake, real)
        return found / real.abs().mean() if self.relative else found
