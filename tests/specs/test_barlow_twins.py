"""barlow_twins, from the official code: the cross-correlation of batch-normalised embeddings."""

import pytest
import torch

from lossspec import LossManager


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


def test_the_gradient_under_ddp_is_as_described(draw):
    """The mean over W processes, with the others' embeddings as constants, is 1/W of the whole batch's."""
    t = draw(z1=(6, 4), z2=(6, 4))
    objective = LossManager.from_spec("barlow_twins").objective().double()
    (whole,) = torch.autograd.grad(objective(z1=t.z1, z2=t.z2), t.z1)
    ours = []
    for own in (slice(0, 3), slice(3, 6)):
        gathered = [z.detach().clone() for z in (t.z1, t.z2)]
        for z, all_of_it in zip((t.z1, t.z2), gathered, strict=True):
            all_of_it[own] = z[own]
        ours.append(torch.autograd.grad(objective(z1=gathered[0], z2=gathered[1]), t.z1)[0])
    torch.testing.assert_close(sum(ours) / 2, whole / 2)
