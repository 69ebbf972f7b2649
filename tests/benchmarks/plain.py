"""What a user writes by hand: Sobel and Laplacian that filter both images with conv2d and compare."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, l1_loss


def gray(images: Tensor) -> Tensor:
    """ITU-R BT.601 luma, one channel kept."""
    return 0.299 * images[:, 0:1] + 0.587 * images[:, 1:2] + 0.114 * images[:, 2:3]


class PlainLaplacian(nn.Module):
    """Gray, filter, compare."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None])

    def edges(self, images: Tensor) -> Tensor:
        return conv2d(gray(images), self.kernel, padding=1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return l1_loss(self.edges(x), self.edges(y))


class PlainSobel(nn.Module):
    """Gray, filter both ways, magnitude, compare."""

    across: Tensor
    down: Tensor

    def __init__(self) -> None:
        super().__init__()
        kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[None, None]
        self.register_buffer("across", kernel)
        self.register_buffer("down", kernel.mT.contiguous())

    def edges(self, images: Tensor) -> Tensor:
        image = gray(images)
        across, down = conv2d(image, self.across, padding=1), conv2d(image, self.down, padding=1)
        return torch.sqrt(across**2 + down**2 + 1e-6)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return l1_loss(self.edges(x), self.edges(y))
