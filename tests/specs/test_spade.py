"""spade, from the official code: hinge, every adversarial term the mean over scales, no half."""

#: What three discriminators return: feature maps, then scores.
SCALES = [[(2, 4, 2 * size, 2 * size), (2, 8, size, size), (2, 1, size, size)] for size in (4, 2, 1)]
SHAPES = {
    "image": (1, 3, 16, 16),
    "fake": (1, 3, 16, 16),
    "pred_fake": SCALES,
    "pred_real": SCALES,
}
LAYERS = {"relu1_1": 1 / 32, "relu2_1": 1 / 16, "relu3_1": 1 / 8, "relu4_1": 1 / 4, "relu5_1": 1.0}


def generator(t, vgg19):
    pairs = [
        (fake, real.detach())
        for fakes, reals in zip(t.pred_fake, t.pred_real, strict=True)
        for fake, real in zip(fakes[:-1], reals[:-1], strict=True)
    ]
    return {
        "G_GAN": -sum(each[-1].mean() for each in t.pred_fake) / 3,
        "G_FM": sum((fake - real).abs().mean() for fake, real in pairs) / 3,
        "G_VGG": sum(
            weight * (vgg19(t.fake, layer) - vgg19(t.image.detach(), layer)).abs().mean()
            for layer, weight in LAYERS.items()
        ),
    }


def test_generator(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = generator(t, vgg19)
    total = terms["G_GAN"] + 10 * terms["G_FM"] + 10 * terms["G_VGG"]
    check("spade", "G", t, terms, total, overlay=vgg19.of("G_VGG"))


def test_discriminator(check, draw, vgg19):
    t = draw(**SHAPES)
    terms = {
        "D_fake": sum((1 + each[-1]).clamp(min=0).mean() for each in t.pred_fake) / 3,
        "D_real": sum((1 - each[-1]).clamp(min=0).mean() for each in t.pred_real) / 3,
    }
    check("spade", "D", t, terms, terms["D_fake"] + terms["D_real"], overlay=vgg19.of("G_VGG"))


def test_with_an_encoder(check, draw, vgg19):
    t = draw(**SHAPES, mu=(2, 5), logvar=(2, 5))
    terms = generator(t, vgg19)
    terms["G_KLD"] = -0.5 * (1 + t.logvar - t.mu**2 - t.logvar.exp()).sum()
    total = terms["G_GAN"] + 10 * terms["G_FM"] + 10 * terms["G_VGG"] + 0.05 * terms["G_KLD"]
    check("spade+vae", "G", t, terms, total, overlay=vgg19.of("G_VGG"))
