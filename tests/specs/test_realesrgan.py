"""realesrgan, from the official options: five convolutions of VGG19, the sharpened truth, no half."""

import pytest
import torch

SHAPES = {
    "hr": (1, 3, 16, 16),
    "hr_usm": (1, 3, 16, 16),
    "sr": (1, 3, 16, 16),
    "pred_fake": (2, 1, 4, 4),
    "pred_real": (2, 1, 4, 4),
}
LAYERS = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}


def softplus(x):
    return torch.log1p(torch.exp(x))


@pytest.mark.parametrize(("variant", "truth"), [("", "hr_usm"), ("+unsharpened", "hr")])
def test_generator(check, draw, vgg19, variant, truth):
    t = draw(**SHAPES)
    sr, hr = (vgg19.normalized(images) for images in (t.sr, getattr(t, truth).detach()))
    terms = {
        "G_pix": (t.sr - getattr(t, truth)).abs().mean(),
        "G_percep": sum(w * (vgg19(sr, each) - vgg19(hr, each)).abs().mean() for each, w in LAYERS.items()),
        "G_GAN": softplus(-t.pred_fake).mean(),
    }
    total = terms["G_pix"] + terms["G_percep"] + 0.1 * terms["G_GAN"]
    check(f"realesrgan{variant}", "G", t, terms, total, overlay=vgg19.of("G_percep"))


def test_discriminator(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = {"D_real": softplus(-t.pred_real).mean(), "D_fake": softplus(t.pred_fake).mean()}
    check("realesrgan", "D", t, terms, sum(terms.values()), overlay=vgg19.of("G_percep"))
