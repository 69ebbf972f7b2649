"""wgan_gp, from the authors' code: one length an image, anywhere between real and fake."""

import pytest
import torch
from torch import nn


def test_generator(check, draw):
    t = draw(pred_fake=(4, 1))
    check("wgan_gp", "G", t, {"G_GAN": -t.pred_fake.mean()}, -t.pred_fake.mean())


@pytest.mark.parametrize(("variant", "over"), [("", (1, 2, 3)), ("+pixel", 1)])
def test_critic(check, draw, variant, over):
    t = draw(pred_fake=(3, 1), pred_real=(3, 1), real=(3, 2, 4, 4), fake=(3, 2, 4, 4))
    t.critic = nn.Sequential(nn.Flatten(), nn.Linear(32, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    torch.manual_seed(1)
    alpha = torch.rand((3, 1, 1, 1), dtype=torch.float64)
    between = (t.real + alpha * (t.fake - t.real)).detach().requires_grad_()
    slope = torch.autograd.grad(t.critic(between).sum(), between, create_graph=True)[0]
    lengths = (slope**2).sum(dim=over).sqrt()
    terms = {
        "D_fake": t.pred_fake.mean(),
        "D_real": -t.pred_real.mean(),
        "D_GP": ((lengths - 1) ** 2).mean(),
    }
    torch.manual_seed(1)
    check(f"wgan_gp{variant}", "D", t, terms, terms["D_fake"] + terms["D_real"] + 10 * terms["D_GP"])
