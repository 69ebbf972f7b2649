"""ldm_autoencoder, from latent-diffusion, all but LPIPS, which needs torchvision: see tests/vision."""

import pytest
import torch

START = 50_001
WITHOUT_LPIPS = {
    "remove": ["losses.lpips", "params.values", "params.lambda_percep"],
    "objectives": {"AE": {"balance": {"losses": ["rec", "G_GAN"], "args": {"reference": ["rec"]}}}},
}


@pytest.fixture
def tensors(draw):
    t = draw(x=(2, 3, 4, 4), h=(2, 4, 4, 4), last_layer=(3, 4, 1, 1), mu=(2, 4, 2, 2), logvar=(2, 4, 2, 2))
    t.x_rec = torch.nn.functional.conv2d(t.h, t.last_layer)
    t.logits_fake = (t.x_rec * draw(d=(3, 4, 4)).d).mean(dim=1).sin()
    return t


def reconstruction(t):
    var = torch.exp(t.logvar)
    return {
        "rec": (t.x - t.x_rec).abs().sum() / 2,
        "kl": (0.5 * (t.mu**2 + var - 1.0 - t.logvar).sum(dim=[1, 2, 3])).sum() / 2,
    }


def test_autoencoder(check, tensors):
    t = tensors
    terms = reconstruction(t) | {"G_GAN": -t.logits_fake.mean()}
    nll, gan = (
        torch.autograd.grad(terms[name], t.last_layer, retain_graph=True)[0] for name in ("rec", "G_GAN")
    )
    weight = 0.5 * (nll.norm() / (gan.norm() + 1e-4)).clamp(0.0, 1e4).detach()
    total = terms["rec"] + 1e-6 * terms["kl"] + weight * terms["G_GAN"]
    check("ldm_autoencoder", "AE", t, terms, total, clock={"step": START}, overlay=WITHOUT_LPIPS)


def test_before_the_discriminator_comes_in(check, tensors):
    t = tensors
    terms = reconstruction(t)
    total = terms["rec"] + 1e-6 * terms["kl"]
    clock = {"step": START - 1}
    manager = check("ldm_autoencoder", "AE", t, terms, total, clock=clock, overlay=WITHOUT_LPIPS)
    assert manager.objective("AE").needed() == {"x", "x_rec", "mu", "logvar", "last_layer"}


def test_discriminator(check, draw):
    t = draw(logits_fake=(2, 1, 3, 3), logits_real=(2, 1, 3, 3))
    terms = {
        "D_real": (1 - t.logits_real).clamp(min=0).mean(),
        "D_fake": (1 + t.logits_fake).clamp(min=0).mean(),
    }
    total = 0.5 * (terms["D_real"] + terms["D_fake"])
    check("ldm_autoencoder", "D", t, terms, total, clock={"step": START}, overlay=WITHOUT_LPIPS)
