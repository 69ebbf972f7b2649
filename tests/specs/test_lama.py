"""lama, from the official code: L1 outside of the hole, a discriminator that takes known patches for real."""

import pytest
import torch

LISTS = {"feats": [(2, 4, 4, 4), (2, 8, 2, 2)], "resnet": [(2, 3, 4, 4), (2, 5, 2, 2), (2, 6, 1, 1)]}
SHAPES = {
    "image": (2, 3, 8, 8),
    "predicted": (2, 3, 8, 8),
    "pred_fake": (2, 1, 2, 2),
    **{f"{name}_{side}": shapes for name, shapes in LISTS.items() for side in ("fake", "real")},
}


def softplus(x):
    return torch.log1p(torch.exp(x))


@pytest.fixture
def tensors(draw):
    t = draw(**SHAPES, weight=(3, 4, 4))
    hole = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    hole[:, :, 2:7, :5] = 1
    t.known = (1 - hole).requires_grad_()
    t.known_patches = (1 - hole[:, :, ::4, ::4]).requires_grad_()
    t.pred_real = (t.image.tanh().unfold(2, 4, 4).unfold(3, 4, 4) * t.weight[:, None, None]).sum(
        dim=(1, 4, 5)
    )
    t.pred_real = t.pred_real.unsqueeze(1)
    return t


def squares(fakes, reals):
    return [((fake - real.detach()) ** 2).mean() for fake, real in zip(fakes, reals, strict=True)]


def generator(t, layers=1):
    return {
        "G_L1": (t.known * (t.predicted - t.image).abs()).mean(),
        "G_GAN": softplus(-t.pred_fake).mean(),
        "G_FM": sum(squares(t.feats_fake, t.feats_real)) / 2,
        "G_HRF": sum(squares(t.resnet_fake, t.resnet_real)) / layers,
    }


def total(terms):
    return 10 * terms["G_GAN"] + 100 * terms["G_FM"] + 30 * terms["G_HRF"]


def test_generator(check, tensors):
    terms = generator(tensors)
    check("lama", "G", tensors, terms, 10 * terms["G_L1"] + total(terms))


def test_the_papers_has_no_pixel_loss_and_the_mean_over_layers(check, tensors):
    terms = generator(tensors, layers=3)
    terms.pop("G_L1")
    check("lama+paper", "G", tensors, terms, total(terms))


@pytest.mark.parametrize(("variant", "kappa"), [("", 1), ("+paper", 10)])
def test_discriminator(check, tensors, variant, kappa):
    t = tensors
    hole = 1 - t.known_patches
    fake = hole * softplus(t.pred_fake) + (1 - hole) * softplus(-t.pred_fake)
    slope = torch.autograd.grad(t.pred_real.sum(), t.image, create_graph=True)[0]
    terms = {
        "D_real": softplus(-t.pred_real).mean(),
        "D_fake": fake.mean(),
        "D_R1": (slope**2).flatten(1).sum(dim=1).mean(),
    }
    total = kappa * (terms["D_real"] + terms["D_fake"]) + 0.001 * terms["D_R1"]
    check(f"lama{variant}", "D", t, terms, total)
