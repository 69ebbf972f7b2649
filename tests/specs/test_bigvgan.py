"""bigvgan, from the official code: hifigan's terms with 100 bands; in v2 mels at seven windows."""

import torch

SHAPES = {
    "pred_fake": [(2, 6), (2, 4)],
    "pred_real": [(2, 6), (2, 4)],
    "fmap_fake": [[(2, 3, 6), (2, 6)], [(2, 4, 4), (2, 2, 4), (2, 4)]],
    "fmap_real": [[(2, 3, 6), (2, 6)], [(2, 4, 4), (2, 2, 4), (2, 4)]],
    "wav": (2, 1, 1500),
    "wav_hat": (2, 1, 1500),
}


def adversarial(t):
    pairs = [
        pair for lists in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*lists, strict=True)
    ]
    return {
        "G_GAN": sum(((1 - scores) ** 2).mean() for scores in t.pred_fake),
        "G_FM": sum((fake - real.detach()).abs().mean() for fake, real in pairs),
    }


def test_generator(check, draw, mel):
    t = draw(**SHAPES)
    options = {"bands": 100, "sides": 384, "eps": 1e-9, "sr": 24000}
    logs = [mel(each, 1024, 256, **options).clamp(min=1e-5).log() for each in (t.wav_hat, t.wav)]
    terms = adversarial(t) | {"G_mel": (logs[0] - logs[1]).abs().mean()}
    check("bigvgan", "G", t, terms, terms["G_GAN"] + 2 * terms["G_FM"] + 45 * terms["G_mel"])


def test_seven_windows(check, draw, mel):
    t = draw(**SHAPES)
    total = 0
    for power in range(7):
        size, bands = 32 << power, 5 << power
        spectra = [
            mel(each, size, size // 4, bands=bands, sides=size // 2, sr=24000) for each in (t.wav_hat, t.wav)
        ]
        logs = [torch.log(each.clamp(min=1e-5)) / torch.log(torch.tensor(10.0).double()) for each in spectra]
        total = total + (logs[0] - logs[1]).abs().mean()
    terms = adversarial(t) | {"G_mel": total}
    check("bigvgan+v2", "G", t, terms, terms["G_GAN"] + 2 * terms["G_FM"] + 15 * total)


def test_discriminators(check, draw):
    t = draw(**SHAPES)
    terms = {
        "D_real": sum(((1 - scores) ** 2).mean() for scores in t.pred_real),
        "D_fake": sum((scores**2).mean() for scores in t.pred_fake),
    }
    check("bigvgan", "D", t, terms, terms["D_real"] + terms["D_fake"])
