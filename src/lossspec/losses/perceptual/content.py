"""The perceptual loss: a distance between the VGG19 features of two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.losses.check import chosen
from lossspec.losses.perceptual.vgg import VGG19Features, check_layer_weights
from lossspec.losses.reduction import DISTANCES, Distance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor


class VGGPerceptualLoss(nn.Module):
    """Distance between the VGG19 features of two images, summed over layers.

    .. math:: sum_l w_l mean |phi_l(x) - phi_l(y)|

    (squared with ``criterion="l2"``), where ``phi_l`` are the activations of layer ``l``, and the
    mean is over batch, channels and positions. Gradients reach the images; VGG19 is frozen. Detach a target
    that should get no gradient.

    Args:
        layers: ``relu3_3`` is the third ReLU of the third block, ``conv3_3`` the convolution before it.
        layer_weights: ``w_l``, one per layer; by default all 1.
        criterion: ``"l1"`` or ``"l2"``.
        normalize: whether to normalise the images as in VGG19's training: mapped from ``input_range`` to
            [0, 1], minus ImageNet's mean, divided by its standard deviation. False uses them as they are, as
            pix2pixHD and SPADE do.
        input_range: the lowest and the highest value of the images; by default [0, 1].
        weights: ``"default"``, which torchvision downloads, or the path of a file with its ``state_dict``.

    Shape:
        input, target: ``(N, 3, H, W)`` or, gray, ``(N, 1, H, W)``, the same for both, in ``input_range``,
        at least 4x4 pixels for ``relu3_3`` and 16x16 for ``relu5_1``. Returns a scalar.

    Raises:
        UnknownNameError: a layer or ``criterion`` is unknown.
        MissingExtraError: ``weights="default"`` without torchvision.
        MissingWeightsError: the weights are missing.
        LossInputError: the file has other weights, the number of ``layer_weights`` is wrong, or
            ``input_range`` is invalid; on call: the shapes differ or are wrong.

    Reference:
        Johnson et al., Perceptual losses for real-time style transfer and super-resolution, 2016.
        https://arxiv.org/abs/1603.08155

    Example:
        >>> VGGPerceptualLoss(layers=["conv5_4"], weights="vgg19.pth")  # a file that does not exist
        Traceback (most recent call last):
            ...
        lossspec.errors.MissingWeightsError: VGG19's weights are missing: vgg19.pth, the value of `weights`, \
does not exist
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
        distance = DISTANCES[self.criterion]
        pairs = zip(self.layer_weights, self.features(input), self.features(target), strict=True)
        return torch.stack([weight * distance(self._view(x), self._view(y)) for weight, x, y in pairs]).sum()

    def _view(self, features: Tensor) -> Tensor:
        return features
