"""dac, from the official code: log10 mel spectrograms, least squares, everything summed."""

import torch

SHAPES = {
    "pred_fake": [(2, 6), (2, 4), (2, 3)],
    "pred_real": [(2, 6), (2, 4), (2, 3)],
    "fmap_fake": [[(2, 3, 6), (2, 6)], [(2, 4, 4)], [(2, 3), (2, 1)]],
    "fmap_real": [[(2, 3, 6), (2, 6)], [(2, 4, 4)], [(2, 3), (2, 1)]],
    "commitment": (),
    "codebook": (),
}


def mels():
    found = [torch.rand(2, 5 * 2**i, 8 >> i, dtype=torch.float64) * 1e-4 for i in range(3)]
    for each in found:
        each[:, 0] = 1e-7  # below the floor
    return [each.requires_grad_() for each in found]


def test_generator(check, draw):
    t = draw(**SHAPES)
    t.mels, t.mels_hat = mels(), mels()
    pairs = [
        pair for lists in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*lists, strict=True)
    ]
    terms = {
        "G_mel": sum(
            (torch.log10(torch.clamp(x, min=1e-5)) - torch.log10(torch.clamp(y, min=1e-5))).abs().mean()
            for x, y in zip(t.mels_hat, t.mels, strict=True)
        ),
        "G_feat": sum((fake - real.detach()).abs().mean() for fake, real in pairs),
        "G_GAN": sum(((1 - scores) ** 2).mean() for scores in t.pred_fake),
        "commit": t.commitment,
        "codebook": t.codebook,
    }
    total = 15 * terms["G_mel"] + 2 * terms["G_feat"] + terms["G_GAN"] + 0.25 * t.commitment + t.codebook
    check("dac", "G", t, terms, total)


def test_discriminators(check, draw):
    t = draw(**SHAPES)
    terms = {
        "D_fake": sum((scores**2).mean() for scores in t.pred_fake),
        "D_real": sum(((1 - scores) ** 2).mean() for scores in t.pred_real),
    }
    check("dac", "D", t, terms, terms["D_fake"] + terms["D_real"])
