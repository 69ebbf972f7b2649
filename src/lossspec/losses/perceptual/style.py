"""Compares the textures of two images: which features of VGG19 occur together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.losses.check import check_alike, chosen
from lossspec.losses.perceptual.vgg import VGG19Features, check_layer_weights
from lossspec.losses.reduction import DISTANCES, Distance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor


class VGGStyleLoss(nn.Module):
    """Distance of the Gram matrices of VGG19 features, summed over layers.

    .. math:: sum_l w_l mean |G_l(x) - G_l(y)|,  G_l = phi_l phi_l^T / (C_l H_l W_l)

    (squared with ``criterion="l2"``), where ``phi_l`` are the activations of layer ``l`` as a
    matrix ``(C, H W)``, and the mean is over the batch and the entries of ``G_l``.

    Args:
        layers: as of ``VGGPerceptualLoss``.
        layer_weights: ``w_l``, one a layer; all 1 unless they are given.
        criterion: ``"l1"`` or ``"l2"``.
        normalize: as of ``VGGPerceptualLoss``.
        input_range: as of ``VGGPerceptualLoss``.
        weights: as of ``VGGPerceptualLoss``.

    Shape:
        input, target: ``(N, 3, H, W)`` or, gray, ``(N, 1, H, W)``, the same for both, in ``input_range``,
        large enough for the deepest layer. Returns a scalar.

    Raises:
        UnknownNameError, MissingExtraError, MissingWeightsError, LossInputError: as ``VGGPerceptualLoss``.

    Reference:
        Gatys et al., 2015, https://arxiv.org/abs/1508.06576; with these means: Liu et al., Image inpainting
        for irregular holes using partial convolutions, 2018, https://arxiv.org/abs/1804.07723.

    Example:
        >>> VGGStyleLoss(layers=["relu1_1", "relu2_1"], layer_weights=[1.0])
        Traceback (most recent call last):
            ...
        lossspec.errors.LossInputError: VGGStyleLoss has 2 layers and 1 layer_weights: one each
    """

    def __init__(
        self,
        layers: Sequence[str] = ("relu1_2", "relu2_2", "relu3_3"),
        *,
        layer_weights: Sequence[float] | None = None,
        criterion: Distance = "l1",
        normalize: bool = True,
        input_range: Sequence[float] | None = None,
        weights: str | Path = "default",
    ) -> None:
        super().__init__()
        self.criterion = chosen("criterion", criterion, DISTANCES)
        self.layer_weights = check_layer_weights(self, layers, layer_weights)
        self.features = VGG19Features(layers, weights, normalize, input_range)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        self.features.check(self, input=input, target=target)
        check_alike(self, input=input, target=target)
        distance = DISTANCES[self.criterion]
        pairs = zip(self.layer_weights, self.features(input), self.features(target), strict=True)
        return torch.stack([weight * distance(_gram(x), _gram(y)) for weight, x, y in pairs]).sum()


def _gram(features: Tensor) -> Tensor:
    flat = features.flatten(start_dim=2)
    return flat @ flat.mT / flat[0].numel()
