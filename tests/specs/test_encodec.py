"""encodec, from audiocraft: its balancer, written anew, over three steps of training."""

import pytest
import torch

SHARES = {"G_wav": 0.1, "G_mel": 2.0, "G_GAN": 4.0, "G_feat": 4.0}
PAPER = {"G_wav": 0.1, "G_mel": 1.0, "G_GAN": 3.0, "G_feat": 3.0}
CASES = {"": SHARES, "+paper": PAPER, "+paper_48khz": PAPER | {"G_GAN": 4.0, "G_feat": 4.0}}


LENGTH = 500
#: The zeros that fill the last frame of each window.
WINDOWS = {64: 12, 128: 12, 256: 12, 512: 12, 1024: 12}


@pytest.fixture
def tensors(draw, mel):
    def spectrograms(wav):
        """Powers at all windows, from 64 Hz, of triangular filters of height 1 on the scale of HTK."""
        options = {"bands": 64, "power": 2, "sr": 24000, "fmin": 64, "htk": True, "norm": None}
        return [
            mel(wav, size, size // 4, sides=3 * size // 8, zeros=zeros, **options)
            for size, zeros in WINDOWS.items()
        ]

    def make():
        t = draw(wav=(2, 1, LENGTH), wav_hat=(2, 1, LENGTH), commitment=(), d=(LENGTH, 3))
        for name, wav in (("fake", t.wav_hat), ("real", t.wav)):
            layers = [[(wav @ t.d).tanh(), wav.sin()], [wav[..., ::2].cos()]]
            setattr(t, f"fmap_{name}", layers)
            setattr(t, f"pred_{name}", [layers[0][0].sum(dim=-1), layers[1][0] * 2])
        t.mels = spectrograms
        return t

    return make


def raw(t, *, paper):
    mels = t.mels(t.wav_hat), t.mels(t.wav)
    logs = [[torch.log10(1e-5 + each) for each in found] for found in mels]
    windows = [
        ((a - b).abs().mean() + ((log_a - log_b) ** 2).mean()) / 2
        for a, b, log_a, log_b in zip(*mels, *logs, strict=True)
    ]
    matching = []
    for fakes, reals in zip(t.fmap_fake, t.fmap_real, strict=True):
        layers = [
            (fake - real.detach()).abs().mean() / (real.detach().abs().mean() if paper else 1)
            for fake, real in zip(fakes, reals, strict=True)
        ]
        matching.append(sum(layers) / len(layers))
    scores = t.pred_fake
    gan = [(1 - each).clamp(min=0).mean() if paper else -each.mean() for each in scores]
    return {
        "G_wav": (t.wav_hat - t.wav).abs().mean(),
        "G_mel": sum(windows) / 5,
        "G_GAN": sum(gan) / 2,
        "G_feat": sum(matching) / 2,
    }


def balanced(values, shares, output, state):
    """What Balancer.backward sends to the output, and the loss that it reports."""
    gradient, reported = 0, 0
    for name, value in values.items():
        (slope,) = torch.autograd.grad(value, output, retain_graph=True)
        norm = slope.flatten(1).norm(dim=1).mean().item()
        total, fix = state.get(name, (0.0, 0.0))
        state[name] = total, fix = total * 0.999 + norm, fix * 0.999 + 1
        scale = shares[name] / sum(shares.values()) / (1e-12 + total / fix)
        gradient = gradient + scale * slope
        reported = reported + scale * value.detach()
    sent = (output * gradient).sum()
    return reported + sent - sent.detach()


@pytest.mark.parametrize(("variant", "shares"), CASES.items())
def test_generator(check, tensors, variant, shares):
    manager, state = None, {}
    for _ in range(3):
        t = tensors()
        values = raw(t, paper=bool(variant))
        total = balanced(values, shares, t.wav_hat, state) + t.commitment
        terms = values | {"commit": t.commitment}
        manager = check(f"encodec{variant}", "G", t, terms, total, manager=manager)


def test_without_balance_the_target_affects_only_its_terms(check, tensors):
    """The balance lets gradients through at the output alone, and so hides what is detached."""
    t = tensors()
    terms = raw(t, paper=False) | {"commit": t.commitment}
    total = sum(SHARES.get(name, 1.0) * value for name, value in terms.items())
    check("encodec", "G", t, terms, total, overlay={"remove": ["objectives.G.balance"]})


def test_discriminators(check, draw):
    t = draw(pred_fake=[(2, 9), (2, 5), (2, 3)], pred_real=[(2, 9), (2, 5), (2, 3)])
    terms = {
        "D_fake": sum((1 + scores).clamp(min=0).mean() for scores in t.pred_fake) / 3,
        "D_real": sum((1 - scores).clamp(min=0).mean() for scores in t.pred_real) / 3,
    }
    check("encodec", "D", t, terms, terms["D_fake"] + terms["D_real"])
