"""byol, from the paper: squared distances of normalised vectors; SimSiam and MoCo v3, from their code."""

import pytest
import torch

FOUR = {f"{name}_{view}": (5, 4) for name in ("prediction", "target") for view in (1, 2)}


def unit(x):
    return x / torch.sqrt((x**2).sum(dim=1, keepdim=True))


@pytest.fixture
def views(draw):
    t = draw(**FOUR)
    t.pairs = {
        "view_1": (unit(t.prediction_1), unit(t.target_2.detach())),
        "view_2": (unit(t.prediction_2), unit(t.target_1.detach())),
    }
    return t


@pytest.fixture
def named(views):
    """The tensors alone: the check goes through all that it is given."""
    pairs = views.pairs
    del views.pairs
    return views, pairs


def test_squared_distances(check, named):
    t, pairs = named
    squares = {name: ((q - z) ** 2).sum(dim=1).mean() for name, (q, z) in pairs.items()}
    check("byol", "total", t, {name: each / 2 for name, each in squares.items()}, sum(squares.values()))


def test_simsiam_is_one_above_its_code(check, named):
    t, pairs = named
    cosines = {name: (q * z).sum(dim=1).mean() for name, (q, z) in pairs.items()}
    total = 1 - sum(cosines.values()) * 0.5
    check("byol+simsiam", "total", t, {name: 1 - each for name, each in cosines.items()}, total)


def test_moco_v3(check, named):
    t, pairs = named
    terms = {}
    for name, (q, k) in pairs.items():
        logits = q @ k.T / 0.2
        terms[name] = (torch.logsumexp(logits, dim=1) - logits.diagonal()).mean()
    check("byol+moco_v3", "total", t, terms, 2 * 0.2 * sum(terms.values()))
