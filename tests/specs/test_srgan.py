"""srgan, from the paper; its variants from the paper and from BasicSR."""

import pytest
import torch

SHAPES = {"hr": (1, 3, 16, 16), "sr": (1, 3, 16, 16), "pred_fake": (4, 1), "pred_real": (4, 1)}


def adversarial(t):
    """-log D(G(x)), D being a sigmoid of the logits."""
    return -torch.log(1 / (1 + torch.exp(-t.pred_fake))).mean()


def content(t, vgg19, layer):
    sr, hr = (vgg19.normalized((images + 1) / 2) for images in (t.sr, t.hr.detach()))
    return ((vgg19(sr, layer) - vgg19(hr, layer)) ** 2).mean()


@pytest.mark.parametrize(
    "case",
    [("", "relu5_4", 0.006), ("+vgg22", "relu2_2", 0.006), ("+channel_sum", "relu5_4", 0.006 * 512)],
)
def test_generator(check, draw, vgg19, case):
    variant, layer, weight = case
    t = draw(**SHAPES)
    terms = {"G_content": content(t, vgg19, layer), "G_GAN": adversarial(t)}
    total = weight * terms["G_content"] + 1e-3 * terms["G_GAN"]
    check(f"srgan{variant}", "G", t, terms, total, overlay=vgg19.of("G_content"))


def test_discriminator(check, draw, vgg19):
    t = draw(**SHAPES)
    fake, real = (1 / (1 + torch.exp(-scores)) for scores in (t.pred_fake, t.pred_real))
    terms = {"D_real": -torch.log(real).mean(), "D_fake": -torch.log(1 - fake).mean()}
    check("srgan", "D", t, terms, terms["D_real"] + terms["D_fake"], overlay=vgg19.of("G_content"))


def test_with_pixels_for_content(check, draw):
    t = draw(**SHAPES)
    terms = {"G_content": ((t.sr - t.hr.detach()) ** 2).mean(), "G_GAN": adversarial(t)}
    check("srgan+mse", "G", t, terms, terms["G_content"] + 1e-3 * terms["G_GAN"])


def test_basicsr(check, draw, vgg19):
    t = draw(**SHAPES)
    sr, hr = (vgg19.normalized(images) for images in (t.sr, t.hr.detach()))
    terms = {
        "G_content": (vgg19(sr, "conv5_4") - vgg19(hr, "conv5_4")).abs().mean(),
        "G_GAN": adversarial(t),
        "G_pix": (t.sr - t.hr).abs().mean(),
    }
    total = terms["G_content"] + 5e-3 * terms["G_GAN"] + 0.01 * terms["G_pix"]
    check("srgan+basicsr", "G", t, terms, total, overlay=vgg19.of("G_content"))
