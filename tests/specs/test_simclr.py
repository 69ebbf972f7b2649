"""simclr, from google-research/simclr: the losses of the two views are added."""

import pytest
import torch


def half(own, other, temperature):
    """The loss of one view's embeddings against those of both: the partner is the target."""
    n = len(own)
    logits = torch.cat([own @ other.T, own @ own.T - 1e9 * torch.eye(n)], dim=1) / temperature
    return -(logits.diagonal() - torch.logsumexp(logits, dim=1)).mean()


CASES = {"": (0.1, 1.0), "+cifar": (0.5, 1.0), "+paper": (0.1, 0.5)}


@pytest.mark.parametrize("variant", CASES)
def test_two_views(check, draw, variant):
    temperature, factor = CASES[variant]
    t = draw(z=(12, 5))
    t.pair = torch.arange(6).repeat(2)
    a, b = (t.z / (t.z**2).sum(dim=1, keepdim=True).sqrt()).chunk(2)
    both = half(a, b, temperature) + half(b, a, temperature)
    check(f"simclr{variant}", "total", t, {"ntxent": both / 2}, factor * both)
