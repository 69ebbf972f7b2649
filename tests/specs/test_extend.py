"""A spec of a user that extends a shipped one: it says the difference, and the rest stays as published."""

from functools import partial

import pytest
import torch

SCORES = {"pred_fake": [(2, 6), (2, 4)], "pred_real": [(2, 6), (2, 4)]}
MAPS = [[(2, 3, 6), (2, 6)], [(2, 4, 4)]]


@pytest.fixture
def own(tmp_path):
    """Write a spec and return its path."""

    def write(text, name="own"):
        path = tmp_path / f"{name}.loss.toml"
        path.write_text("format = 1\n" + text)
        return str(path)

    return write


def l1(x, y):
    return (x - y).abs().mean()


def hifigan(t):
    """Its terms, from the official code: see test_hifigan."""
    pairs = [pair for maps in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*maps, strict=True)]
    logs = [t.mel(each).clamp(min=1e-5).log() for each in (t.wav_hat, t.wav)]
    return {
        "G_GAN": sum(((1 - scores) ** 2).mean() for scores in t.pred_fake),
        "G_FM": sum(l1(fake, real.detach()) for fake, real in pairs),
        "G_mel": l1(*logs),
    }


@pytest.fixture
def vocoder(draw, mel):
    waves = dict.fromkeys(("wav", "wav_hat"), (2, 1, 1024))
    t = draw(**SCORES, **waves, fmap_fake=MAPS, fmap_real=MAPS, f0=(2, 9), f0_hat=(2, 9))
    t.mel = partial(mel, size=1024, hop=256, bands=80, sides=384, eps=1e-9, sr=22050)
    return t


def test_one_weight(check, own, vocoder):
    terms = hifigan(vocoder)
    total = 0.5 * terms["G_GAN"] + 2 * terms["G_FM"] + 45 * terms["G_mel"]
    spec = own('extends = "hifigan"\nlosses.G_GAN.weight = 0.5')
    check(spec, "G", vocoder, terms, total)


def test_one_term_more(check, own, vocoder):
    terms = hifigan(vocoder) | {"G_pitch": l1(vocoder.f0_hat, vocoder.f0)}
    total = terms["G_GAN"] + 2 * terms["G_FM"] + 45 * terms["G_mel"] + 0.1 * terms["G_pitch"]
    spec = own("""
        extends = "hifigan"
        inputs = { f0 = "pitch of the truth (N, T) in Hz", f0_hat = "pitch of the output" }
        losses.G_pitch = { type = "torch.L1Loss", inputs = ["f0_hat", "f0"], weight = 0.1, objective = "G" }
    """)
    check(spec, "G", vocoder, terms, total)


def test_the_other_objective_stays_as_it_was(check, own, vocoder):
    spec = own('extends = "hifigan"\nlosses.G_GAN.weight = 0.5')
    terms = {
        "D_real": sum(((1 - scores) ** 2).mean() for scores in vocoder.pred_real),
        "D_fake": sum((scores**2).mean() for scores in vocoder.pred_fake),
    }
    check(spec, "D", vocoder, terms, terms["D_real"] + terms["D_fake"])


def test_one_term_less_in_a_variant_of_a_shipped_spec(check, own, draw):
    t = draw(y=(2, 3, 4, 4), y_fake=(2, 3, 4, 4), pred_fake=(2, 1, 2, 2))
    spec = own("""
        extends = "pix2pix+lsgan"
        remove = ["losses.G_L1", "params.lambda_l1", "variants.decay"]
        losses.G_SMOOTH = { type = "torch.SmoothL1Loss", inputs = ["y_fake", "y"], objective = "G" }
    """)
    gap = (t.y_fake - t.y).abs()
    smooth = torch.where(gap < 1, gap**2 / 2, gap - 0.5).mean()
    terms = {"G_GAN": ((t.pred_fake - 1) ** 2).mean(), "G_SMOOTH": smooth}
    check(spec, "G", t, terms, terms["G_GAN"] + terms["G_SMOOTH"])


@pytest.mark.parametrize(("epoch", "share"), [(1, 0.1), (5, 0.5), (10, 1.0), (99, 1.0)])
def test_a_scheduled_weight_keeps_the_parents_parameter(check, own, draw, epoch, share):
    t = draw(x_logits=(3, 1, 4, 4), mu=(3, 5), logvar=(3, 5))
    t.x = torch.rand(3, 1, 4, 4, dtype=torch.float64)
    spec = own("""
        extends = "beta_vae"
        [losses.kl.weight]
        type = "linear"
        unit = "epoch"
        start = 0
        end = 10
        start_value = 0.0
        end_value = "${beta}"
    """)
    p = 1 / (1 + torch.exp(-t.x_logits))
    terms = {
        "recon": -(t.x * torch.log(p) + (1 - t.x) * torch.log(1 - p)).flatten(1).sum(dim=1).mean(),
        "kl": (0.5 * (t.mu**2 + t.logvar.exp() - t.logvar - 1)).sum(dim=1).mean(),
    }
    total = terms["recon"] + 8 * share * terms["kl"]
    check(spec, "total", t, terms, total, clock={"epoch": epoch}, params={"beta": 8.0})


def test_a_spec_may_have_the_name_of_the_one_that_it_extends(check, own, vocoder):
    terms = hifigan(vocoder)
    total = terms["G_GAN"] + 2 * terms["G_FM"] + 15 * terms["G_mel"]
    check(own('extends = "hifigan"\nparams.lambda_mel = 15.0', name="hifigan"), "G", vocoder, terms, total)
