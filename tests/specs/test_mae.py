"""mae, from the official code: the mean over masked patches of the mean squared error of each."""

import pytest
import torch


@pytest.mark.parametrize("variant", ["", "+pixels"])
def test_masked_patches(check, draw, variant):
    name = "pixels" if variant else "patches"
    t = draw(prediction=(2, 5, 12), **{name: (2, 5, 12)})
    t.mask = torch.tensor([[1, 0, 1, 1, 0], [0, 0, 1, 0, 1]], dtype=torch.float64)
    errors = ((t.prediction - getattr(t, name)) ** 2).mean(dim=-1)
    total = sum(errors[n, m] for n, m in ((0, 0), (0, 2), (0, 3), (1, 2), (1, 4))) / 5
    check(f"mae{variant}", "total", t, {"patches": total}, total)
