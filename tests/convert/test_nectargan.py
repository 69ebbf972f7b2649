"""NectarGAN's configuration: each objective against the formulas of its trainer, written down again."""

import pytest
import torch
from torch.nn.functional import conv2d, softplus

from lossspec.convert import import_document
from lossspec.errors import ConfigError

SHAPES = {"y": (1, 3, 16, 16), "y_fake": (1, 3, 16, 16), "pred_fake": (1, 1, 4, 4), "pred_real": (1, 1, 4, 4)}
ACROSS = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=torch.float64)
LAPLACE = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float64)


def filtered(images, kernel):
    return conv2d(images.mean(1, keepdim=True), kernel[None, None], padding=1)


def edges(images):
    return torch.sqrt(filtered(images, ACROSS) ** 2 + filtered(images, ACROSS.T) ** 2 + 1e-6)


def losses(t, vgg19):
    y, y_fake = t["y"], t["y_fake"]
    real, fake = vgg19(y, normalize=False), vgg19(y_fake, normalize=False)
    return {
        "gan": 2 * softplus(-t["pred_fake"]).mean(),
        "l1": 100 * (y_fake - y).abs().mean(),
        "l2": 4 * ((y_fake - y) ** 2).mean(),
        "sobel": 3 * (edges(y_fake) - edges(y)).abs().mean(),
        "laplacian": 1.5 * (filtered(y_fake, LAPLACE) - filtered(y, LAPLACE)).abs().mean(),
        "vgg": 10 * sum((fake[each] - real[each]).abs().mean() for each in ("relu1_2", "relu2_2", "relu3_3")),
    }


@pytest.mark.parametrize(
    ("subspec", "variants", "names"),
    [
        ("basic", "", ("gan", "l1")),
        ("basic+vgg", "+vgg", ("gan", "l1", "vgg")),
        ("extended", "+extended", ("gan", "l1", "l2", "sobel", "laplacian")),
        ("extended+vgg", "+extended+vgg", ("gan", "l1", "l2", "sobel", "laplacian", "vgg")),
    ],
)
def test_the_generator(*, file_of, managed, check, draw, vgg19, subspec, variants, names):
    t = draw(**SHAPES)
    overlay = vgg19.of("G_VGG") if "vgg" in subspec else {}
    manager = managed(file_of("nectargan.json"), variants, overlay=overlay)
    check(manager, "G", t, sum(losses(t, vgg19)[name] for name in names))


def test_the_discriminator_is_halved_as_its_trainer_does(file_of, managed, check, draw):
    t = draw(**SHAPES)
    total = (softplus(-t["pred_real"]).mean() + softplus(t["pred_fake"]).mean()) * 0.5
    check(managed(file_of("nectargan.json")), "D", t, total)


def test_all_of_it_is_carried_over(file_of):
    assert file_of("nectargan.json").missing == []


def test_weights_that_are_missing_or_unknown_are_listed():
    loss = {"lambda_gan": 1.0, "lambda_l1": "100", "lambda_ssim": 3.0}
    imported = import_document({"train": {"loss": loss}}, "nectargan", "config.json")
    found = {each.key.removeprefix("train.loss.lambda_"): each.reason for each in imported.missing}
    assert found.pop("l1").startswith('`lambda_l1` must be a number, got the string "100": write it without')
    assert found.pop("ssim") == "NectarGAN has no such weight"
    assert found == {each: f"`lambda_{each}` is missing" for each in ("l2", "sobel", "laplacian", "vgg")}


@pytest.mark.parametrize(
    "document", [{}, {"config": []}, {"config": {"train": None}}, {"train": {"loss": {"a": 1}}}]
)
def test_a_file_without_weights_has_no_losses(document):
    with pytest.raises(ConfigError, match="has no losses of NectarGAN"):
        import_document(document, "nectargan", "config.json")
