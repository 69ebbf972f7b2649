"""traiNNer-redux's option files: each loss against its formula, written down again."""

import torch
from torch.nn.functional import softplus

SHAPE = (2, 3, 8, 8)


def focal_frequency(x, y):
    difference = torch.fft.fft2(x, norm="ortho").mean(0) - torch.fft.fft2(y, norm="ortho").mean(0)
    weight = difference.abs().detach()
    weight = weight / weight.amax((-1, -2), keepdim=True)
    return 50 * (weight * (difference.real**2 + difference.imag**2)).mean()


def test_the_generator(file_of, managed, check, draw):
    t = draw(sr=SHAPE, hr=SHAPE, lq_up=SHAPE, pred_fake=(2, 1, 3, 3))
    total = 0.25 * torch.sqrt((t["sr"] - t["hr"]) ** 2 + 1e-12).mean()
    total = total + 0.75 * (t["sr"] - t["lq_up"]).abs().mean()  # a negative weight: the input, enlarged
    total = total + 0.1 * softplus(-t["pred_fake"]).mean() + 0.2 * focal_frequency(t["sr"], t["hr"])
    check(managed(file_of("4x_ESRGAN_gan.yml")), "G", t, total)


def test_the_discriminator_is_not_halved(file_of, managed, check, draw):
    t = draw(pred_fake=(2, 1, 3, 3), pred_real=(2, 1, 3, 3))
    total = softplus(-t["pred_real"]).mean() + softplus(t["pred_fake"]).mean()
    check(managed(file_of("4x_ESRGAN_gan.yml")), "D", t, total)


def test_what_has_no_twin_is_listed_and_what_is_off_is_not(file_of):
    missing = file_of("4x_ESRGAN_gan.yml").missing
    assert [(each.key, each.loss) for each in missing] == [
        ("train.losses[0]", "mssimloss"),
        ("train.losses[3]", "perceptualloss"),
    ]
    assert "replicates the border in the first convolution" in missing[1].reason


def test_the_last_loss_of_a_type_stays(train_of):
    losses = [{"type": "L1Loss", "loss_weight": 1.0}, {"type": "l1loss", "loss_weight": 2.0}]
    imported = train_of("trainner-redux", {"losses": losses})
    assert imported.losses["l1"].table["weight"] == 2.0
    assert imported.notes == [
        "train.losses[0] is left out: traiNNer-redux keeps one l1loss, the last of them."
    ]


def test_the_older_files(train_of, managed, check, draw):
    train = {
        "gan_opt": {"type": "GANLoss", "gan_type": "hinge", "loss_weight": 0.3},
        "pixel_opt": {"type": "MSELoss", "loss_weight": 0.5, "reduction": "sum"},
    }
    t = draw(sr=SHAPE, hr=SHAPE, pred_fake=(2, 1, 3, 3))
    total = 0.5 * ((t["sr"] - t["hr"]) ** 2).sum() - 0.3 * t["pred_fake"].mean()
    check(managed(train_of("trainner-redux", train)), "G", t, total)


def test_without_a_gan_there_is_one_total(train_of, managed, check, draw):
    train = {"losses": [{"type": "mseloss", "loss_weight": 1.5}]}
    t = draw(sr=SHAPE, hr=SHAPE)
    check(managed(train_of("trainner-redux", train)), "total", t, 1.5 * ((t["sr"] - t["hr"]) ** 2).mean())


def test_the_weight_must_be_given(train_of):
    (missing,) = train_of("trainner-redux", {"losses": [{"type": "l1loss"}]}).missing
    assert (missing.key, missing.loss, missing.reason) == (
        "train.losses[0]",
        "l1loss",
        "`loss_weight` is missing",
    )


def test_what_moves_updates_or_targets_is_listed(train_of):
    train = {
        "losses": [{"type": "l1loss", "loss_weight": 1.0}],
        "adaptive_d": True,
        "eco": {"enabled": True},
    }
    keys = [each.key for each in train_of("trainner-redux", train).missing]
    assert keys == ["train.adaptive_d", "train.eco"]
