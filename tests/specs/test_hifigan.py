"""hifigan, from the official code: sums over discriminators and layers; log mel spectrograms."""

import pytest

SHAPES = {
    "pred_fake": [(2, 6), (2, 4)],
    "pred_real": [(2, 6), (2, 4)],
    "fmap_fake": [[(2, 3, 6), (2, 6)], [(2, 4, 4), (2, 2, 4), (2, 4)]],
    "fmap_real": [[(2, 3, 6), (2, 6)], [(2, 4, 4), (2, 2, 4), (2, 4)]],
}


@pytest.mark.parametrize("variant", ["", "+log_mel"])
def test_generator(check, draw, mel, variant):
    t = draw(**SHAPES, wav=(2, 1, 2048), wav_hat=(2, 1, 2048))
    pairs = [
        pair for lists in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*lists, strict=True)
    ]
    options = {"bands": 80, "sides": 384, "eps": 1e-9, "sr": 22050}
    logs = [mel(each, 1024, 256, **options).clamp(min=1e-5).log() for each in (t.wav_hat, t.wav)]
    terms = {
        "G_GAN": sum(((1 - scores) ** 2).mean() for scores in t.pred_fake),
        "G_FM": sum((fake - real.detach()).abs().mean() for fake, real in pairs),
        "G_mel": (logs[0] - logs[1]).abs().mean(),
    }
    if variant:  # as `mel_spectrogram` of the code returns it
        t.mel_hat, t.mel = logs
    check(f"hifigan{variant}", "G", t, terms, terms["G_GAN"] + 2 * terms["G_FM"] + 45 * terms["G_mel"])


def test_quiet_bands_are_floored(check, draw, mel):
    """The last samples are nearly silent, and the spectrogram of the truth lies below the floor there."""
    t = draw(**SHAPES, wav_hat=(2, 1, 2048))
    t.wav = (draw(x=(2, 1, 2048)).x * 1e-7).detach().requires_grad_()
    options = {"bands": 80, "sides": 384, "eps": 1e-9, "sr": 44100}
    spectra = [mel(each, 1024, 256, **options) for each in (t.wav_hat, t.wav)]
    assert (spectra[1] < 1e-5).any()
    logs = [each.clamp(min=1e-5).log() for each in spectra]
    total = 45 * (logs[0] - logs[1]).abs().mean()
    only = {
        "remove": ["losses.G_GAN", "losses.G_FM", "params.lambda_fm", "inputs.fmap_fake", "inputs.fmap_real"]
    }
    params = {"sample_rate": 44100}
    check("hifigan", "G", t, {"G_mel": total / 45}, total, overlay=only, params=params)


def test_discriminators(check, draw):
    t = draw(**SHAPES)
    terms = {
        "D_real": sum(((1 - scores) ** 2).mean() for scores in t.pred_real),
        "D_fake": sum((scores**2).mean() for scores in t.pred_fake),
    }
    check("hifigan", "D", t, terms, terms["D_real"] + terms["D_fake"])
