"""A small U-Net and a PatchGAN discriminator, after Isola et al., https://arxiv.org/abs/1611.07004."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def _down(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 4, stride=2, padding=1), nn.GroupNorm(8, out), nn.LeakyReLU(0.2)
    )


def _up(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(channels, out, 3, padding=1),
        nn.GroupNorm(8, out),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """Luminance (N, 1, H, W) to colour (N, 3, H, W), both in [-1, 1]; H and W are multiples of 32."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128, 128)) -> None:
        super().__init__()
        self.down = nn.ModuleList(_down(n, out) for n, out in pairwise((1, *widths)))
        up = [_up(widths[-1], widths[-2])]
        up += [_up(2 * n, out) for n, out in pairwise((*reversed(widths[:-1]), widths[0]))]
        self.up = nn.ModuleList(up)
        self.to_colour = nn.Conv2d(widths[0] + 1, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the coloured image."""
        skips = [x]
        for down in self.down:
            skips.append(down(skips[-1]))
        h = skips.pop()
        for up in self.up:
            h = torch.cat([up(h), skips.pop()], dim=1)
        colour: Tensor = self.to_colour(h)
        return colour.tanh()


class PatchDiscriminator(nn.Module):
    """Logits (N, 1, h, w), one a patch, of an image given its luminance."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            _down(width, 2 * width),
            _down(2 * width, 4 * width),
            nn.Conv2d(4 * width, 1, 4, padding=1),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the logits for colour `y` (N, 3, H, W) over luminance `x` (N, 1, H, W)."""
        logits: Tensor = self.layers(torch.cat([x, y], dim=1))
        return logits
