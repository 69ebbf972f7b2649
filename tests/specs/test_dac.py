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
WINDOWS = {32: 5, 64: 10, 128: 20, 256: 40, 512: 80, 1024: 160, 2048: 320}


def test_generator(check, draw, mel):
    t = draw(**SHAPES, wav=(2, 1, 1400), wav_hat=(2, 1, 1400))
    t.wav = (t.wav * 1e-4).detach().requires_grad_()  # some of its bands lie below the floor
    windows = []
    for size, bands in WINDOWS.items():
        spectra = [
            mel(each, size, size // 4, bands=bands, sides=size // 2, sr=44100) for each in (t.wav_hat, t.wav)
        ]
        assert (spectra[1] < 1e-5).any()
        logs = [torch.log10(torch.clamp(each, min=1e-5)) for each in spectra]
        windows.append((logs[0] - logs[1]).abs().mean())
    pairs = [
        pair for lists in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*lists, strict=True)
    ]
    terms = {
        "G_mel": sum(windows),
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
