"""A batch for ``lossspec probe``: the tensors of pix2pix, in each kind of file."""

from __future__ import annotations

import io
from functools import cache


@cache
def batch(suffix: str) -> bytes:
    """Return the bytes of a file of tensors."""
    import numpy as np
    import torch

    chance = torch.Generator().manual_seed(0)
    shapes = {"y_fake": (2, 3, 8, 8), "y": (2, 3, 8, 8), "pred_fake": (2, 1, 2, 2), "pred_real": (2, 1, 2, 2)}
    tensors = {name: torch.rand(shape, generator=chance) for name, shape in shapes.items()}
    written = io.BytesIO()
    if suffix == "npz":
        np.savez(written, **{name: each.numpy() for name, each in tensors.items()})
    else:
        torch.save(tensors, written)
    return written.getvalue()
