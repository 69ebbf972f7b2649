"""neosr's option files: each loss against its formula, written down again."""

import pytest
import torch
from torch.nn.functional import softplus

SHAPE = (2, 3, 16, 16)
LAYERS = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}


def huber(x, y, delta):
    d = (x - y).abs()
    return torch.where(d < delta, 0.5 * d**2, delta * (d - 0.5 * delta)).mean()


def focal_frequency(x, y):
    difference = torch.fft.fft2(x, norm="ortho").mean(0) - torch.fft.fft2(y, norm="ortho").mean(0)
    weight = difference.abs().detach()
    weight = weight / weight.amax((-1, -2), keepdim=True)
    return 50 * (weight * (difference.real**2 + difference.imag**2)).mean()


def test_the_generator(file_of, managed, check, draw, vgg19):
    t = draw(sr=SHAPE, hr=SHAPE, pred_fake=(2, 1, 3, 3))
    sr, hr = vgg19(t["sr"]), vgg19(t["hr"].detach())
    total = 2 * huber(t["sr"], t["hr"], 0.2)
    percep = sum(w * ((0.1 * sr[name] - 0.1 * hr[name]) ** 2).mean() for name, w in LAYERS.items())
    total = total + 0.5 * percep + 0.35 * focal_frequency(t["sr"], t["hr"])
    total = total + 0.3 * softplus(-t["pred_fake"]).mean()
    check(managed(file_of("train_esrgan.toml"), overlay=vgg19.of("G_percep")), "G", t, total)


def test_the_discriminator_is_not_halved(file_of, managed, check, draw, vgg19):
    t = draw(pred_fake=(2, 1, 3, 3), pred_real=(2, 1, 3, 3))
    total = softplus(-t["pred_real"]).mean() + softplus(t["pred_fake"]).mean()
    check(managed(file_of("train_esrgan.toml"), overlay=vgg19.of("G_percep")), "D", t, total)


def test_what_has_no_twin_is_listed(file_of):
    missing = file_of("train_esrgan.toml").missing
    assert [(each.key, each.loss) for each in missing] == [
        ("train.wavelet_guided", ""),
        ("train.mssim_opt", "mssim_loss"),
    ]


def test_the_absolute_perceptual_loss(train_of, managed, check, draw, vgg19):
    options = {"type": "vgg_perceptual_loss", "criterion": "l1", "layer_weights": {"relu3_3": 2.0}}
    t = draw(sr=SHAPE, hr=SHAPE)
    sr, hr = vgg19(t["sr"])["relu3_3"], vgg19(t["hr"].detach())["relu3_3"]
    manager = managed(train_of("neosr", {"perceptual_opt": options}), overlay=vgg19.of("percep"))
    check(manager, "total", t, 2 * (0.1 * sr - 0.1 * hr).abs().mean())


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("bce", lambda x, y: softplus(-x).mean() if y else softplus(x).mean()),
        ("mse", lambda x, y: ((x - y) ** 2).mean()),
        ("huber", lambda x, y: huber(x, torch.tensor(y), 1.0)),
    ],
)
def test_every_gan_type_with_the_default_weight_of_neosr(*, train_of, managed, check, draw, kind, loss):
    train = {"gan_opt": {"type": "gan_loss", "gan_type": kind}}
    manager = managed(train_of("neosr", train))
    t = draw(pred_fake=(2, 1, 3, 3), pred_real=(2, 1, 3, 3))
    check(manager, "G", t, 0.1 * loss(t["pred_fake"], 1.0))
    check(manager, "D", t, loss(t["pred_real"], 1.0) + loss(t["pred_fake"], 0.0))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"type": "chc_loss"}, "it clips the error of each pixel"),
        ({"type": "vgg_perceptual_loss"}, 'got "chc"'),
        ({"type": "vgg_perceptual_loss", "criterion": "huber"}, 'got "huber"'),
        ({"type": "vgg_perceptual_loss", "criterion": "l1", "patchloss": True}, "no PatchLoss"),
        ({"type": "gan_loss", "gan_type": "vanilla"}, "lossspec has no loss"),
    ],
)
def test_losses_between_images_without_a_twin(train_of, options, reason):
    (missing,) = train_of("neosr", {"pixel_opt": options}).missing
    assert (missing.key, missing.loss) == ("train.pixel_opt", options["type"])
    assert reason in missing.reason


def test_scores_without_gradient_are_reported(train_of):
    imported = train_of("neosr", {"gan_opt": {"type": "gan_loss", "loss_weight": 0.3}})
    assert "no gradient" in imported.losses["G_GAN"].note
