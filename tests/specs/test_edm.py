"""edm, from the official code: weighted squares, summed over an item and averaged over the batch."""

import torch


def test_weighted_squares(check, draw):
    t = draw(denoised=(3, 2, 4, 4), clean=(3, 2, 4, 4))
    sigma = torch.exp(-1.2 + 1.2 * torch.randn(3, dtype=torch.float64))
    t.weight = (sigma**2 + 0.25) / (sigma * 0.5) ** 2
    total = (t.weight.view(3, 1, 1, 1) * (t.denoised - t.clean) ** 2).sum() / 3
    check("edm", "total", t, {"denoise": total}, total)
