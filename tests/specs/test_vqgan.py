"""vqgan, from taming-transformers, all but LPIPS, which needs torchvision: see tests/vision."""

import pytest
import torch

START = 250_001
WITHOUT_LPIPS = {
    "remove": ["losses.lpips"],
    "objectives": {"AE": {"balance": {"losses": ["rec", "G_GAN"], "args": {"reference": ["rec"]}}}},
}


@pytest.fixture
def tensors(draw):
    t = draw(x=(2, 3, 4, 4), h=(2, 4, 4, 4), last_layer=(3, 4, 1, 1), z=(2, 5, 2, 2), codes=(2, 5, 2, 2))
    t.x_rec = torch.nn.functional.conv2d(t.h, t.last_layer)
    t.logits_fake = (t.x_rec * draw(d=(3, 4, 4)).d).mean(dim=1).sin()
    return t


def reconstruction(t):
    return {
        "rec": (t.x - t.x_rec).abs().mean(),
        "commit": ((t.z - t.codes.detach()) ** 2).mean(),
        "codebook": ((t.z.detach() - t.codes) ** 2).mean(),
    }


def adaptive_weight(nll, gan, layer, eps):
    nll_grads = torch.autograd.grad(nll, layer, retain_graph=True)[0]
    gan_grads = torch.autograd.grad(gan, layer, retain_graph=True)[0]
    return (nll_grads.norm() / (gan_grads.norm() + eps)).clamp(0.0, 1e4).detach()


@pytest.mark.parametrize(("variant", "commit", "codebook"), [("", 1, 0.25), ("+commitment", 0.25, 1)])
def test_autoencoder(check, tensors, variant, commit, codebook):
    t = tensors
    terms = reconstruction(t) | {"G_GAN": -t.logits_fake.mean()}
    weight = 0.8 * adaptive_weight(terms["rec"], terms["G_GAN"], t.last_layer, 1e-4)
    quantiser = commit * terms["commit"] + codebook * terms["codebook"]
    total = terms["rec"] + quantiser + weight * terms["G_GAN"]
    check(f"vqgan{variant}", "AE", t, terms, total, clock={"step": START}, overlay=WITHOUT_LPIPS)


def test_before_the_discriminator_comes_in(check, tensors):
    t = tensors
    terms = reconstruction(t)
    total = terms["rec"] + terms["commit"] + 0.25 * terms["codebook"]
    manager = check("vqgan", "AE", t, terms, total, clock={"step": START - 1}, overlay=WITHOUT_LPIPS)
    assert manager.objective("AE").needed() == {"x", "x_rec", "z", "codes", "last_layer"}
    assert manager.objective("D").needed() == set()


def test_discriminator(check, draw):
    t = draw(logits_fake=(2, 1, 3, 3), logits_real=(2, 1, 3, 3))
    terms = {
        "D_real": (1 - t.logits_real).clamp(min=0).mean(),
        "D_fake": (1 + t.logits_fake).clamp(min=0).mean(),
    }
    total = 0.5 * (terms["D_real"] + terms["D_fake"])
    check("vqgan", "D", t, terms, total, clock={"step": START}, overlay=WITHOUT_LPIPS)
    check("vqgan+custom", "D", t, terms, total, clock={"step": 10_000}, overlay=WITHOUT_LPIPS)
    check("vqgan+custom", "D", t, {}, torch.zeros(()), clock={"step": 9_999}, overlay=WITHOUT_LPIPS)


def test_the_papers_has_beta_on_the_commitment(check, tensors):
    t = tensors
    t.logits_fake = t.logits_fake / 100  # short gradients, so that eps is seen
    terms = reconstruction(t) | {"G_GAN": -t.logits_fake.mean()}
    weight = adaptive_weight(terms["rec"], terms["G_GAN"], t.last_layer, 1e-6)
    total = terms["rec"] + 0.25 * terms["commit"] + terms["codebook"] + weight * terms["G_GAN"]
    check("vqgan+paper", "AE", t, terms, total, clock={"step": START}, overlay=WITHOUT_LPIPS)
