"""The features of VGG19: its layers by name, the normalisation of its images, and its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, relu

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, chosen
from lossspec.losses.perceptual.vgg_weights import weights_from_file, weights_from_torchvision
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_BLOCKS = (2, 2, 4, 4, 4)  # the number of convolutions; each block ends with a pooling
_NAMES = tuple(f"{block}_{i}" for block, count in enumerate(_BLOCKS, 1) for i in range(1, count + 1))
# The names of the weights have torchvision's numbers, which count the ReLUs and the poolings too.
_NUMBERS = {name: 2 * i + int(name[0]) - 1 for i, name in enumerate(_NAMES)}

#: What can be compared: a convolution (``conv5_4``, before its ReLU) or a ReLU (``relu5_4``).
LAYERS = tuple(f"{kind}{name}" for name in _NAMES for kind in ("conv", "relu"))

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's images in [0, 1]


class VGG19Features(nn.Module):
    """VGG19, trained on ImageNet and frozen, up to the deepest of the given layers.

    Its weights are non-persistent buffers, not parameters: they move with ``.to()``, no optimiser updates
    them, and they do not add tens of megabytes to a checkpoint.

    Args:
        layers: names from ``LAYERS``.
        weights: ``"default"`` for torchvision's, or the path of a file with a ``state_dict`` of its VGG19.
        normalize: whether to normalise the images as in the training on ImageNet: mapped from
            ``input_range`` to [0, 1], minus the mean (0.485, 0.456, 0.406), divided by the standard
            deviation (0.229, 0.224, 0.225). False uses them as they are.
        input_range: the lowest and the highest value of the images; by default [0, 1].

    Raises:
        UnknownNameError: a layer is unknown.
        MissingExtraError: ``"default"`` without torchvision.
        MissingWeightsError: the weights are missing.
        LossInputError: the file has other weights, or ``input_range`` is invalid.

    Reference:
        Simonyan and Zisserman, 2014. https://arxiv.org/abs/1409.1556
    """

    def __init__(
        self,
        layers: Sequence[str],
        weights: str | Path = "default",
        normalize: bool = True,
        input_range: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.layers = tuple(chosen("VGG19 layer", layer, LAYERS) for layer in layers)
        if not self.layers:
            raise LossInputError("VGG19 needs at least one layer to compare")
        scale, shift = _normalization(input_range) if normalize else _untouched(input_range)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)
        self._names = _NAMES[: 1 + max(_NAMES.index(layer[4:]) for layer in self.layers)]
        default = str(weights) == "default"
        state = weights_from_torchvision() if default else weights_from_file(user_path(weights))
        for name, (weight, bias) in _convolutions(state, str(weights)).items():
            if name in self._names:
                self.register_buffer(f"weight{name}", weight, persistent=False)
                self.register_buffer(f"bias{name}", bias, persistent=False)

    def check(self, loss: nn.Module, **images: Tensor) -> None:
        """Refuse images of different shapes, not ``(N, 3 or 1, H, W)``, or too small for the pooling."""
        check_alike(loss, "(N, C, H, W)", **images)
        least = 2 ** (int(self._names[-1][0]) - 1)
        for name, each in images.items():
            if each.shape[1] not in (1, 3) or min(each.shape[2:]) < least:
                raise LossInputError(
                    f"{type(loss).__name__} expects `{name}` of 1 or 3 channels and at least {least}x{least} "
                    f"pixels (its deepest layer is {max(self.layers, key=LAYERS.index)}), "
                    f"got {tuple(each.shape)}"
                )

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the features of ``(N, 3, H, W)``, or gray ``(N, 1, H, W)``: a map for each of ``layers``."""
        scale = self.get_buffer("scale")
        current = images.to(scale.dtype).expand(-1, 3, -1, -1) * scale + self.get_buffer("shift")
        found: dict[str, Tensor] = {}
        for name in self._names:
            if name.endswith("_1") and name != _NAMES[0]:
                current = max_pool2d(current, 2)
            weight, bias = self.get_buffer(f"weight{name}"), self.get_buffer(f"bias{name}")
            for layer in (f"conv{name}", f"relu{name}"):
                current = conv2d(current, weight, bias, padding=1) if layer[0] == "c" else relu(current)
                if layer in self.layers:
                    found[layer] = current
        return [found[layer] for layer in self.layers]


def check_layer_weights(
    loss: nn.Module, layers: Sequence[str], weights: Sequence[float] | None
) -> tuple[float, ...]:
    """Return one weight per layer: the given ones, or 1 for each.

    Raises:
        LossInputError: there are more or fewer weights than layers.
    """
    if weights is None:
        return (1.0,) * len(layers)
    if len(weights) != len(layers):
        name = type(loss).__name__
        raise LossInputError(f"{name} needs {len(layers)} layer_weights, one per layer, got {len(weights)}")
    return tuple(weights)


def _convolutions(state: Mapping[str, Tensor], source: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the convolutions by name, from the state of the whole VGG19 or of its ``features``."""
    bare = {key.removeprefix("features."): tensor for key, tensor in state.items()}
    wanted = {f"{number}.{part}" for number in _NUMBERS.values() for part in ("weight", "bias")}
    if missing := wanted - set(bare):  # of all layers, since the first ones of VGG16 have the same names
        first = min(missing, key=lambda key: int(key.partition(".")[0]))
        raise LossInputError(f"the weights `{source}` are not VGG19's: `features.{first}` is missing")
    return {name: (bare[f"{number}.weight"], bare[f"{number}.bias"]) for name, number in _NUMBERS.items()}


def _normalization(input_range: Sequence[float] | None) -> tuple[Tensor, Tensor]:
    """Return scale and shift per channel: from the range to [0, 1], then to mean 0 and deviation 1."""
    low, high = (0.0, 1.0) if input_range is None else input_range
    if not low < high:
        raise LossInputError(f"input_range must be the lowest and the highest value, got {input_range}")
    mean, std = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in (_MEAN, _STD))
    scale, shift = 1 / ((high - low) * std), -(low / (high - low) + mean) / std
    return scale.float(), shift.float()


def _untouched(input_range: Sequence[float] | None) -> tuple[Tensor, Tensor]:
    if input_range is not None:
        raise LossInputError("input_range has no effect with normalize = false: remove it")
    return torch.ones(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)
