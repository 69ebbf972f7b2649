"""esrgan, from BasicSR: relativistic, everything halved, the discriminator's means detached."""

import torch

SHAPES = {"hr": (1, 3, 16, 16), "sr": (1, 3, 16, 16), "pred_fake": (4, 1), "pred_real": (5, 1)}


def cross_entropy(logits, target):
    """Binary, of logits against 0 or 1."""
    probability = 1 / (1 + torch.exp(-logits))
    return -torch.log(probability if target else 1 - probability).mean()


def generator(t, vgg19):
    sr, hr = (vgg19.normalized(images) for images in (t.sr, t.hr.detach()))
    real = t.pred_real.detach()
    return {
        "G_pix": (t.sr - t.hr).abs().mean(),
        "G_percep": (vgg19(sr, "conv5_4") - vgg19(hr, "conv5_4")).abs().mean(),
        "G_real": cross_entropy(real - t.pred_fake.mean(), 0),
        "G_fake": cross_entropy(t.pred_fake - real.mean(), 1),
    }


def total(terms, gan):
    adversarial = terms["G_real"] + terms["G_fake"]
    return 0.01 * terms["G_pix"] + terms["G_percep"] + gan * adversarial


def test_generator(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = generator(t, vgg19)
    check("esrgan", "G", t, terms, total(terms, 5e-3 / 2), overlay=vgg19.of("G_percep"))


def test_discriminator(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = {
        "D_real": cross_entropy(t.pred_real - t.pred_fake.detach().mean(), 1),
        "D_fake": cross_entropy(t.pred_fake - t.pred_real.detach().mean(), 0),
    }
    check("esrgan", "D", t, terms, 0.5 * sum(terms.values()), overlay=vgg19.of("G_percep"))


def test_the_papers_halves_nothing(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = generator(t, vgg19)
    check("esrgan+paper", "G", t, terms, total(terms, 5e-3), overlay=vgg19.of("G_percep"))
    terms = {
        "D_real": cross_entropy(t.pred_real - t.pred_fake.mean(), 1),
        "D_fake": cross_entropy(t.pred_fake - t.pred_real.mean(), 0),
    }
    check("esrgan+paper", "D", t, terms, sum(terms.values()), overlay=vgg19.of("G_percep"))
