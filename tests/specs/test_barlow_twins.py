"""barlow_twins, from the official code: the cross-correlation of batch-normalised embeddings."""

import pytest
import torch


@pytest.mark.parametrize("scale", [1.0, 1e-2], ids=["spread", "collapsing"])  # the eps is seen in one alone
@pytest.mark.parametrize(("variant", "lambd"), [("", 0.0051), ("+paper", 0.005)])
def test_cross_correlation(check, draw, variant, lambd, scale):
    t = draw(z1=(6, 4), z2=(6, 4))
    t.z1, t.z2 = t.z1 * scale, t.z2 * scale
    normal = [
        (z - z.mean(dim=0)) / torch.sqrt(((z - z.mean(dim=0)) ** 2).mean(dim=0) + 1e-5) for z in (t.z1, t.z2)
    ]
    c = normal[0].T @ normal[1] / 6
    total = sum((1 - c[i, i]) ** 2 for i in range(4))
    total = total + lambd * sum(c[i, j] ** 2 for i in range(4) for j in range(4) if i != j)
    check(f"barlow_twins{variant}", "total", t, {"barlow": total}, total)
