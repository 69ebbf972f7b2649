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


V2 = {
    **dict.fromkeys(("sharp_vgg", "restored_vgg"), (1, 3, 8, 8)),
    **{name: [(1, 1, 3, 3), (1, 1, 2, 2)] for name in ("preds_fake", "preds_real")},
    **{name: [(5, 1, 3, 3), (5, 1, 2, 2)] for name in ("pool_fake", "pool_real")},
}


def relative(preds, pools, target):
    """Squared distance from 1 or -1 of scores less the mean of the other side's, the mean over two."""
    pairs = zip(preds, pools, strict=True)
    return sum(((pred - pool.detach().mean() - target) ** 2).mean() for pred, pool in pairs) / 2


def test_the_second_versions_generator(check, draw, vgg19):
    t = draw(**V2)
    features = [vgg19(images, "conv3_3") for images in (t.restored_vgg, t.sharp_vgg.detach())]
    terms = {
        "G_pix": ((t.restored_vgg - t.sharp_vgg) ** 2).mean(),
        "G_content": ((features[0] - features[1]) ** 2).mean(),
        "G_real": relative([each.detach() for each in t.preds_real], t.pool_fake, -1),
        "G_fake": relative(t.preds_fake, t.pool_real, 1),
    }
    total = 0.5 * terms["G_pix"] + 0.006 * terms["G_content"]
    total = total + 0.001 * (terms["G_real"] + terms["G_fake"]) / 2
    check("deblurgan+v2", "G", t, terms, total, overlay=vgg19.of("G_content"))


def test_the_second_versions_discriminators(check, draw, vgg19):
    t = draw(**V2)
    terms = {
        "D_real": relative(t.preds_real, t.pool_fake, 1),
        "D_fake": relative(t.preds_fake, t.pool_real, -1),
    }
    total = 0.001 * (terms["D_real"] + terms["D_fake"]) / 2
    check("deblurgan+v2", "D", t, terms, total, overlay=vgg19.of("G_content"))
