"""beta_vae, from disentanglement_lib: sums over an image and over the latents, means over the batch."""

import pytest
import torch


@pytest.fixture
def tensors(draw):
    t = draw(x_logits=(3, 1, 4, 4), mu=(3, 5), logvar=(3, 5))
    t.x = torch.rand(3, 1, 4, 4, dtype=torch.float64).requires_grad_()
    return t


def reconstruction(t):
    p = 1 / (1 + torch.exp(-t.x_logits))
    return -(t.x * torch.log(p) + (1 - t.x) * torch.log(1 - p)).flatten(1).sum(dim=1).mean()


def divergence(t):
    return (0.5 * (t.mu**2 + t.logvar.exp() - t.logvar - 1)).sum(dim=1).mean()


def test_beta(check, tensors):
    terms = {"recon": reconstruction(tensors), "kl": divergence(tensors)}
    check("beta_vae", "total", tensors, terms, terms["recon"] + 4 * terms["kl"])
    check("beta_vae", "total", tensors, terms, terms["recon"] + 16 * terms["kl"], params={"beta": 16.0})


@pytest.mark.parametrize(
    ("step", "beta"),
    [(1, 4 / 12_500), (6_250, 2.0), (12_500, 4.0), (24_999, 4.0), (31_250, 2.0), (100_000, 4.0)],
)
def test_cyclical(check, tensors, step, beta):
    terms = {"recon": reconstruction(tensors), "kl": divergence(tensors)}
    check(
        "beta_vae+cyclical",
        "total",
        tensors,
        terms,
        terms["recon"] + beta * terms["kl"],
        clock={"step": step},
    )


def test_at_the_foot_of_a_cycle_the_divergence_is_skipped(check, tensors):
    terms = {"recon": reconstruction(tensors)}
    check("beta_vae+cyclical", "total", tensors, terms, terms["recon"], clock={"step": 25_000})


@pytest.mark.parametrize(("step", "capacity"), [(0, 0.0), (50_000, 12.5), (100_000, 25.0), (300_000, 25.0)])
def test_capacity(check, tensors, step, capacity):
    terms = {"recon": reconstruction(tensors), "kl": (divergence(tensors) - capacity).abs()}
    total = terms["recon"] + 1000 * terms["kl"]
    check("beta_vae+capacity", "total", tensors, terms, total, clock={"step": step})
