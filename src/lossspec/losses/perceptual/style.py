"""The style loss: a distance between the Gram matrices of the VGG19 features of two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.losses.perceptual.content import VGGPerceptualLoss

if TYPE_CHECKING:
    from torch import Tensor


class VGGStyleLoss(VGGPerceptualLoss):
    """Distance between the Gram matrices of VGG19 features, summed over layers.

    .. math:: sum_l w_l mean |G_l(x) - G_l(y)|,  G_l = phi_l phi_l^T / (C_l H_l W_l)

    (squared with ``criterion="l2"``), where ``phi_l`` are the activations of layer ``l`` as a
    matrix ``(C, H W)``, and the mean is over the batch and the entries of ``G_l``.

    Args:
        layers, layer_weights, criterion, normalize, input_range, weights: as in ``VGGPerceptualLoss``.

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
        lossspec.errors.LossInputError: VGGStyleLoss needs 2 layer_weights, one per layer, got 1
    """

    def _view(self, features: Tensor) -> Tensor:
        flat = features.flatten(start_dim=2)
        return flat @ flat.mT / flat[0].numel()
