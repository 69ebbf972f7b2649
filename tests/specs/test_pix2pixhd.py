"""pix2pixhd, from the official code: least squares summed over scales, matching averaged over them."""

import pytest

SHAPES = {
    "image": (1, 3, 16, 16),
    "fake": (1, 3, 16, 16),
    "pred_fake": [[(2, 4, 8, 8), (2, 8, 4, 4), (2, 1, 4, 4)], [(2, 4, 4, 4), (2, 8, 2, 2), (2, 1, 2, 2)]],
    "pred_real": [[(2, 4, 8, 8), (2, 8, 4, 4), (2, 1, 4, 4)], [(2, 4, 4, 4), (2, 8, 2, 2), (2, 1, 2, 2)]],
}
LAYERS = {"relu1_1": 1 / 32, "relu2_1": 1 / 16, "relu3_1": 1 / 8, "relu4_1": 1 / 4, "relu5_1": 1.0}


def matching(t):
    """The sum over layers, one value a scale."""
    return [
        sum((fake - real.detach()).abs().mean() for fake, real in zip(fakes[:-1], reals[:-1], strict=True))
        for fakes, reals in zip(t.pred_fake, t.pred_real, strict=True)
    ]


def generator(t, vgg19):
    return {
        "G_GAN": sum(((each[-1] - 1) ** 2).mean() for each in t.pred_fake),
        "G_FM": sum(matching(t)) / 2,
        "G_VGG": sum(
            weight * (vgg19(t.fake, layer) - vgg19(t.image.detach(), layer)).abs().mean()
            for layer, weight in LAYERS.items()
        ),
    }


@pytest.mark.parametrize(("params", "factor"), [({}, 10.0), ({"feature_maps": 5}, 10 * 4 / 5)])
def test_generator(check, draw, vgg19, params, factor):
    t = draw(**SHAPES)
    terms = generator(t, vgg19)
    total = terms["G_GAN"] + factor * terms["G_FM"] + 10 * terms["G_VGG"]
    check("pix2pixhd", "G", t, terms, total, params=params, overlay=vgg19.of("G_VGG"))


def test_discriminator(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = {
        "D_real": sum(((each[-1] - 1) ** 2).mean() for each in t.pred_real),
        "D_fake": sum((each[-1] ** 2).mean() for each in t.pred_fake),
    }
    check("pix2pixhd", "D", t, terms, 0.5 * sum(terms.values()), overlay=vgg19.of("G_VGG"))


def test_the_papers_matching_is_summed_over_discriminators(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = generator(t, vgg19) | {"G_FM": sum(matching(t))}
    total = terms["G_GAN"] + 10 * terms["G_FM"] + 10 * terms["G_VGG"]
    check("pix2pixhd+paper", "G", t, terms, total, overlay=vgg19.of("G_VGG"))
