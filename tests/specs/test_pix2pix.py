"""pix2pix, from the official code: logistic GAN and L1; the discriminator's loss is halved."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

SHAPES = {"y": (2, 3, 8, 8), "y_fake": (2, 3, 8, 8), "pred_fake": (2, 1, 2, 2), "pred_real": (2, 1, 2, 2)}


def softplus(x):
    return torch.log1p(torch.exp(x))


def generator(t):
    return {"G_GAN": softplus(-t.pred_fake).mean(), "G_L1": (t.y_fake - t.y).abs().mean()}


def discriminator(t):
    return {"D_real": softplus(-t.pred_real).mean(), "D_fake": softplus(t.pred_fake).mean()}


def test_generator(check, draw):
    t = draw(**SHAPES)
    terms = generator(t)
    check("pix2pix", "G", t, terms, terms["G_GAN"] + 100 * terms["G_L1"])


def test_discriminator(check, draw):
    t = draw(**SHAPES)
    terms = discriminator(t)
    check("pix2pix", "D", t, terms, 0.5 * (terms["D_real"] + terms["D_fake"]))


def test_extended(check, draw):
    t = draw(**SHAPES)

    def conv(images, kernel):
        gray = 0.299 * images[:, :1] + 0.587 * images[:, 1:2] + 0.114 * images[:, 2:]
        return F.conv2d(gray, torch.tensor(kernel, dtype=images.dtype)[None, None], padding=1)

    across = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
    down = [list(column) for column in zip(*across, strict=True)]
    curve = [[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]
    edges = [(conv(x, across) ** 2 + conv(x, down) ** 2 + 1e-6).sqrt() for x in (t.y_fake, t.y)]
    terms = generator(t) | {
        "G_L2": ((t.y_fake - t.y) ** 2).mean(),
        "G_SOBEL": (edges[0] - edges[1]).abs().mean(),
        "G_LAP": (conv(t.y_fake, curve) - conv(t.y, curve)).abs().mean(),
    }
    more = terms["G_L2"] + terms["G_SOBEL"] + terms["G_LAP"]
    check("pix2pix+extended", "G", t, terms, terms["G_GAN"] + 100 * terms["G_L1"] + 10 * more)


def test_lsgan(check, draw):
    t = draw(**SHAPES)
    terms = generator(t) | {"G_GAN": ((t.pred_fake - 1) ** 2).mean()}
    check("pix2pix+lsgan", "G", t, terms, terms["G_GAN"] + 100 * terms["G_L1"])
    terms = {"D_real": ((t.pred_real - 1) ** 2).mean(), "D_fake": (t.pred_fake**2).mean()}
    check("pix2pix+lsgan", "D", t, terms, 0.5 * (terms["D_real"] + terms["D_fake"]))


@pytest.mark.parametrize(("epoch", "weight"), [(0, 100), (100, 100), (101, 99), (150, 50), (199, 1)])
def test_decay(check, draw, epoch, weight):
    t = draw(**SHAPES)
    terms = generator(t)
    total = terms["G_GAN"] + weight * terms["G_L1"]
    check("pix2pix+decay", "G", t, terms, total, clock={"epoch": epoch})


def test_at_the_end_of_the_decay_the_term_is_gone(check, draw):
    t = draw(**SHAPES)
    terms = {"G_GAN": generator(t)["G_GAN"]}
    check("pix2pix+decay", "G", t, terms, terms["G_GAN"], clock={"epoch": 200})


def test_vgg(check, draw, vgg19):
    t = draw(**SHAPES | {"y": (1, 3, 16, 16), "y_fake": (1, 3, 16, 16)})
    fake, real = (vgg19.normalized((x + 1) / 2) for x in (t.y_fake, t.y))
    layers = vgg19.layers
    terms = generator(t) | {
        "G_VGG": sum((layers[:end](fake) - layers[:end](real)).abs().mean() for end in (4, 9, 16))
    }
    total = terms["G_GAN"] + 100 * terms["G_L1"] + 10 * terms["G_VGG"]
    check("pix2pix+vgg", "G", t, terms, total, overlay=vgg19.of("G_VGG"))
