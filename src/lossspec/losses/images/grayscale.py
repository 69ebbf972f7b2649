"""Converts colour images to grayscale by a weighted sum over the channels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import torch

from lossspec.errors import LossInputError
from lossspec.losses.images.linear_map import apply_linear

if TYPE_CHECKING:
    from torch import Tensor, nn

Grayscale = Literal["luma", "mean"]
GRAYSCALES: tuple[Grayscale, ...] = ("luma", "mean")

#: The weights of red, green and blue in the luma of ITU-R BT.601.
LUMA = (0.299, 0.587, 0.114)


def to_grayscale(loss: nn.Module, images: Tensor, method: Grayscale) -> Tensor:
    """Return ``images`` without their channels: ``(N, C, H, W)`` becomes ``(N, H, W)``.

    Args:
        loss: the loss that calls, for the message.
        images: ``(N, C, H, W)``, in any range.
        method: ``luma`` is 0.299 R + 0.587 G + 0.114 B of three channels, and leaves one channel as it is;
            ``mean`` is the mean over any number of channels.

    Raises:
        LossInputError: ``luma`` with two channels, or more than three.
    """
    channels = images.shape[1]
    if channels == 1:
        return images[:, 0]
    if method == "mean":
        weights = (1 / channels,) * channels
    elif channels == len(LUMA):
        weights = LUMA
    else:
        raise LossInputError(
            f"{type(loss).__name__} takes the luma of 1 or 3 channels, got {tuple(images.shape)}: "
            'grayscale = "mean" takes any number'
        )
    return apply_linear(images, partial(_combine, weights=weights), partial(_spread, weights=weights))


def _combine(images: Tensor, weights: tuple[float, ...]) -> Tensor:
    gray = images[:, 0] * weights[0]
    for channel, weight in enumerate(weights[1:], start=1):
        gray = torch.add(gray, images[:, channel], alpha=weight)
    return gray


def _spread(gray: Tensor, weights: tuple[float, ...]) -> Tensor:
    return torch.stack([gray * weight for weight in weights], dim=1)
