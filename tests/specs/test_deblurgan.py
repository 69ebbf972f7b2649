"""deblurgan, from the official code: conv3_3 of raw images; the penalty's lengths are over channels."""

import pytest
import torch
from torch import nn

SHAPES = {
    "sharp": (2, 3, 8, 8),
    "restored": (2, 3, 8, 8),
    "pred_fake": (2, 1, 3, 3),
    "pred_real": (2, 1, 3, 3),
}


@pytest.mark.parametrize(("variant", "layer"), [("", "conv3_3"), ("+paper", "relu3_3")])
def test_generator(check, draw, vgg19, variant, layer):
    t = draw(**SHAPES)
    terms = {
        "G_GAN": -t.pred_fake.mean(),
        "G_content": ((vgg19(t.restored, layer) - vgg19(t.sharp.detach(), layer)) ** 2).mean(),
    }
    total = terms["G_GAN"] + 100 * terms["G_content"]
    check(f"deblurgan{variant}", "G", t, terms, total, overlay=vgg19.of("G_content"))


@pytest.mark.parametrize(("variant", "over"), [("", 1), ("+paper", (1, 2, 3))])
def test_critic(check, draw, vgg19, variant, over):
    t = draw(**SHAPES)
    t.critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 3)).double()
    torch.manual_seed(1)
    alpha = torch.rand((2, 1, 1, 1), dtype=torch.float64)
    between = (t.sharp + alpha * (t.restored - t.sharp)).detach().requires_grad_()
    slope = torch.autograd.grad(t.critic(between).sum(), between, create_graph=True)[0]
    terms = {
        "D_fake": t.pred_fake.mean(),
        "D_real": -t.pred_real.mean(),
        "D_GP": (((slope**2).sum(dim=over).sqrt() - 1) ** 2).mean(),
    }
    total = terms["D_fake"] + terms["D_real"] + 10 * terms["D_GP"]
    torch.manual_seed(1)
    check(f"deblurgan{variant}", "D", t, terms, total, overlay=vgg19.of("G_content"))
