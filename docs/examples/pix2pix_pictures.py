"""Draws the result: input, output and truth of the held-out patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import torch

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from pix2pix_data import Photographs
    from pix2pix_models import UNet
    from torch import Tensor


def picture_grid(generator: UNet, photographs: Photographs, path: Path) -> None:
    """Write input | output | truth, one held-out patch per row."""
    x, y = photographs.held_out()
    with torch.no_grad():
        columns = {"input": x.expand_as(y), "output": generator(x), "truth": y}
    rows = len(y)
    figure, axes = plt.subplots(rows, 3, figsize=(6.6, 2.2 * rows), layout="constrained")
    for column, (title, images) in enumerate(columns.items()):
        axes[0, column].set_title(title)
        for row, image in enumerate(images):
            axes[row, column].imshow(_displayable(image))
            axes[row, column].set_axis_off()
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _displayable(image: Tensor) -> np.ndarray:
    """Return (H, W, 3) in [0, 1] of (3, H, W) in [-1, 1]."""
    return ((image + 1.0) / 2.0).clamp(0.0, 1.0).permute(1, 2, 0).numpy()
