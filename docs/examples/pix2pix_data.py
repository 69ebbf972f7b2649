"""Two photographs as a data set: crops to train on, and patches that training never sees."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from torch import Tensor

CROP = 128
PATCH = 128
# One strip of columns of each photograph is held out: the right of the pagoda, and of the dahlia.
HELD_OUT = (slice(240, 368), slice(328, 456))
LUMINANCE = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)  # ITU-R BT.601


class Photographs:
    """The two photographs that come with scikit-learn, (3, 427, 640) in [-1, 1].

    `batch` draws random crops from the columns left and right of the held-out strip, never across it.
    """

    def __init__(self) -> None:
        images = [torch.from_numpy(np.array(image)) for image in load_sample_images().images]
        scaled = [image.permute(2, 0, 1).float() / 127.5 - 1.0 for image in images]
        self._held_out = [image[:, :, strip] for image, strip in zip(scaled, HELD_OUT, strict=True)]
        sides = [
            side
            for image, strip in zip(scaled, HELD_OUT, strict=True)
            for side in (image[:, :, : strip.start], image[:, :, strip.stop :])
        ]
        self._train = sides

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return luminance (size, 1, CROP, CROP) and colour (size, 3, CROP, CROP), both in [-1, 1]."""
        y = torch.stack([self._crop() for _ in range(size)])
        return luminance(y), y

    def held_out(self) -> tuple[Tensor, Tensor]:
        """Return luminance and colour of the held-out patches, (6, ·, PATCH, PATCH)."""
        patches = [strip[:, top : top + PATCH] for strip in self._held_out for top in (0, PATCH, 2 * PATCH)]
        y = torch.stack(patches)
        return luminance(y), y

    def _crop(self) -> Tensor:
        side = self._train[int(torch.randint(len(self._train), ()))]
        top = int(torch.randint(side.shape[1] - CROP + 1, ()))
        left = int(torch.randint(side.shape[2] - CROP + 1, ()))
        crop = side[:, top : top + CROP, left : left + CROP]
        return crop.flip(2) if torch.rand(()) < 0.5 else crop


def luminance(y: Tensor) -> Tensor:
    """Return the luminance (N, 1, H, W) of colour images (N, 3, H, W), in the same range."""
    return (y * LUMINANCE).sum(dim=1, keepdim=True)
