"""hifigan, from the official code: sums over discriminators and layers; log mel spectrograms."""

import pytest
import torch

SHAPES = {
    "pred_fake": [(2, 6), (2, 4)],
    "pred_real": [(2, 6), (2, 4)],
    "fmap_fake": [[(2, 3, 6), (2, 6)], [(2, 4, 4), (2, 2, 4), (2, 4)]],
    "fmap_real": [[(2, 3, 6), (2, 6)], [(2, 4, 4), (2, 2, 4), (2, 4)]],
}


def mel():
    """Magnitudes, some of them below the floor."""
    found = torch.rand(2, 80, 7, dtype=torch.float64) * 1e-4
    found[:, :, 0] = 1e-7
    return found.requires_grad_()


@pytest.mark.parametrize("variant", ["", "+log_mel"])
def test_generator(check, draw, variant):
    t = draw(**SHAPES)
    t.mel, t.mel_hat = mel(), mel()
    pairs = [
        pair for lists in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*lists, strict=True)
    ]
    logs = [torch.log(torch.clamp(each, min=1e-5)) for each in (t.mel_hat, t.mel)]
    terms = {
        "G_GAN": sum(((1 - scores) ** 2).mean() for scores in t.pred_fake),
        "G_FM": sum((fake - real.detach()).abs().mean() for fake, real in pairs),
        "G_mel": (logs[0] - logs[1]).abs().mean(),
    }
    if variant:  # as `mel_spectrogram` of the code returns it
        t.mel_hat, t.mel = logs
    check(f"hifigan{variant}", "G", t, terms, terms["G_GAN"] + 2 * terms["G_FM"] + 45 * terms["G_mel"])


def test_discriminators(check, draw):
    t = draw(**SHAPES)
    terms = {
        "D_real": sum(((1 - scores) ** 2).mean() for scores in t.pred_real),
        "D_fake": sum((scores**2).mean() for scores in t.pred_fake),
    }
    check("hifigan", "D", t, terms, terms["D_real"] + terms["D_fake"])
