"""vicreg, from the official code: the mean of the two variance terms, the sum of the covariances."""

import pytest
import torch

import lossspec


def variance(z):
    spread = torch.sqrt(((z - z.mean(dim=0)) ** 2).sum(dim=0) / (len(z) - 1) + 1e-4)
    return (1 - spread).clamp(min=0).mean()


def covariance(z):
    centred = z - z.mean(dim=0)
    found = centred.T @ centred / (len(z) - 1)
    return (found**2 * (1 - torch.eye(len(found)))).sum() / z.shape[1]


def terms(t):
    return {
        "invariance": ((t.z1 - t.z2) ** 2).mean(),
        "variance_1": variance(t.z1),
        "variance_2": variance(t.z2),
        "covariance_1": covariance(t.z1),
        "covariance_2": covariance(t.z2),
    }


@pytest.mark.parametrize("scale", [1.0, 1e-2], ids=["spread", "collapsing"])  # the eps is seen in one alone
def test_official(check, draw, scale):
    t = draw(z1=(6, 4), z2=(6, 4))
    t.z1, t.z2 = t.z1 * scale, t.z2 * scale
    found = terms(t)
    spread, shared = (found[f"{name}_1"] + found[f"{name}_2"] for name in ("variance", "covariance"))
    check("vicreg", "total", t, found, 25 * found["invariance"] + 25 * spread / 2 + shared)


def test_paper(check, draw):
    t = draw(z1=(6, 4), z2=(6, 4))
    found = terms(t)
    spread, shared = (found[f"{name}_1"] + found[f"{name}_2"] for name in ("variance", "covariance"))
    distance = ((t.z1 - t.z2) ** 2).sum(dim=1).mean()
    total = 25 * distance + 25 * spread + shared
    check("vicreg+paper", "total", t, found, total, params={"dimensions": 4})


def test_the_papers_embeddings_have_8192_dimensions():
    assert lossspec.load("vicreg+paper").losses["invariance"].weight == 25 * 8192
