"""BasicSR's option files: each objective against the formulas of its models, written down again."""

import pytest
import torch
from torch.nn.functional import softplus

from lossspec.errors import ConfigError

IMAGES = {"sr": (1, 3, 16, 16), "hr": (1, 3, 16, 16), "hr_usm": (1, 3, 16, 16)}
SCORES = {"pred_fake": (2, 1, 3, 3), "pred_real": (2, 1, 3, 3)}


def gram(features):
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (c * h * w)


def test_esrgan_generator(file_of, managed, check, draw, vgg19):
    t = draw(**IMAGES, **SCORES)
    sr, hr = vgg19(t["sr"]), vgg19(t["hr"].detach())
    pixel = (t["sr"] - t["hr"]).abs().mean()
    percep = (sr["conv5_4"] - hr["conv5_4"]).abs().mean()
    real, fake = t["pred_real"].detach(), t["pred_fake"]
    gan = (softplus(real - fake.mean()).mean() + softplus(-(fake - real.mean())).mean()) / 2
    imported = file_of("train_ESRGAN_x4.yml")
    assert imported.missing == []
    manager = managed(imported, overlay=vgg19.of("G_percep"))
    check(manager, "G", t, 0.01 * pixel + percep + 0.005 * gan)


def test_esrgan_discriminator_is_halved_with_detached_means(file_of, managed, check, draw, vgg19):
    t = draw(**SCORES)
    real, fake = t["pred_real"], t["pred_fake"]
    total = 0.5 * softplus(-(real - fake.detach().mean())).mean()
    total = total + 0.5 * softplus(fake - real.detach().mean()).mean()
    check(managed(file_of("train_ESRGAN_x4.yml"), overlay=vgg19.of("G_percep")), "D", t, total)


def test_realesrgan_sees_the_truths_that_its_options_say(file_of, managed, check, draw, vgg19):
    t = draw(**IMAGES, **SCORES, ldl_sr=(1, 3, 16, 16), ldl_hr=(1, 3, 16, 16))
    sr, hr = vgg19(t["sr"]), vgg19(t["hr_usm"].detach())
    layers = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}
    total = (t["sr"] - t["hr_usm"]).abs().mean() + 0.5 * (t["ldl_sr"] - t["ldl_hr"]).abs().mean()
    total = total + sum(w * (sr[name] - hr[name]).abs().mean() for name, w in layers.items())
    total = total + 50 * sum(w * (gram(sr[name]) - gram(hr[name])).abs().mean() for name, w in layers.items())
    total = total + 0.1 * softplus(-t["pred_fake"]).mean()
    imported = file_of("train_realesrgan_x4plus.yml")
    assert imported.missing == []
    assert imported.inputs["pred_real"] == "scores D(hr)"
    manager = managed(imported, overlay=vgg19.of("G_percep", "G_style"))
    manager.set_progress(step=102)
    check(manager, "G", t, total)


def test_the_generator_waits_and_is_due_at_intervals(file_of, managed, draw, vgg19):
    manager = managed(file_of("train_realesrgan_x4plus.yml"), overlay=vgg19.of("G_percep", "G_style"))
    objective = manager.objective("G").double()
    t = draw(
        sr=IMAGES["sr"], hr_usm=IMAGES["sr"], ldl_sr=IMAGES["sr"], ldl_hr=IMAGES["sr"], pred_fake=(2, 1, 3, 3)
    )
    due = []
    for current_iter in range(
        95, 110
    ):  # BasicSR counts from 1: it % net_d_iters == 0 and it > net_d_init_iters
        manager.set_progress(step=current_iter)
        due.append(objective(**t).item() > 0)
    assert due == [current_iter % 2 == 0 and current_iter > 100 for current_iter in range(95, 110)]


def test_the_discriminator_of_realesrgan_is_not_halved(file_of, managed, check, draw, vgg19):
    t = draw(**SCORES)
    total = softplus(-t["pred_real"]).mean() + softplus(t["pred_fake"]).mean()
    manager = managed(file_of("train_realesrgan_x4plus.yml"), overlay=vgg19.of("G_percep", "G_style"))
    check(manager, "D", t, total)


def test_hifacegan_takes_means_over_scales_and_halves(file_of, managed, check, draw, vgg19):
    t = draw(sr=(1, 3, 16, 16), hr=(1, 3, 16, 16))
    for name in ("pred_fake", "pred_real"):
        t[name] = list(draw(a=(2, 1, 3, 3), b=(2, 1, 5, 5)).values())
    sr, hr = vgg19(t["sr"], normalize=False), vgg19(t["hr"].detach(), normalize=False)
    percep = 0.03125 * ((sr["relu1_1"] - hr["relu1_1"]) ** 2).mean()
    percep = percep + 0.0625 * ((sr["relu2_1"] - hr["relu2_1"]) ** 2).mean()
    imported = file_of("train_hifacegan.yml")
    assert [each.loss for each in imported.missing] == ["GANFeatLoss"]
    manager = managed(imported, overlay=vgg19.of("G_percep"))
    mean = lambda preds, label: sum(((each - label) ** 2).mean() for each in preds) / 2  # noqa: E731
    check(manager, "G", t, 10 * percep + 2 * mean(t["pred_fake"], 0.9))
    check(manager, "D", t, (mean(t["pred_real"], 0.9) + mean(t["pred_fake"], 0.1)) / 2)


def test_stylegan2_has_its_penalties_at_intervals(file_of, managed):
    manager = managed(file_of("train_StyleGAN2.yml"))
    network = torch.nn.Linear(6, 1)
    real = torch.rand(4, 6, requires_grad=True)
    scores, fakes = network(real), network(torch.rand(4, 6))
    adversarial = softplus(-scores).mean() + softplus(fakes).mean()
    r1 = network.weight.square().sum()  # the gradient of a linear layer is its weight
    for current_iter in (1, 15, 16, 17, 32):
        manager.set_progress(step=current_iter)
        total = manager.objective("D")(pred_real=scores, pred_fake=fakes, real=real)
        is_due = current_iter in (
            1,
            16,
            32,
        )  # the first call is, too: BasicSR counts from 1 and leaves it out
        expected = adversarial + (10 / 2 * r1 * 16 if is_due else 0)
        torch.testing.assert_close(total, expected)


def test_stylegan2_weighs_the_path_length_by_its_interval(file_of):
    path = file_of("train_StyleGAN2.yml").losses["G_path"]
    assert path.table["type"] == "lossspec.PathLengthPenalty"
    assert (path.table["weight"], path.table["every"]) == (2.0, {"steps": 4, "gain": 4.0})


def test_charbonnier_has_eps_under_the_root_and_may_be_a_sum(file_of, managed, check, draw):
    t = draw(sr=(1, 3, 4, 4), hr=(1, 3, 4, 4))
    total = torch.sqrt((t["sr"] - t["hr"]) ** 2 + 1e-12).sum()
    check(managed(file_of("train_EDVR_L.yml")), "total", t, total)


@pytest.mark.parametrize(
    ("kind", "generator", "discriminator"),
    [
        ("vanilla", lambda f: softplus(-f), lambda r, f: softplus(-r).mean() + softplus(f).mean()),
        ("lsgan", lambda f: (f - 1) ** 2, lambda r, f: ((r - 1) ** 2).mean() + (f**2).mean()),
        ("wgan", lambda f: -f, lambda r, f: f.mean() - r.mean()),
        ("wgan_softplus", lambda f: softplus(-f), lambda r, f: softplus(-r).mean() + softplus(f).mean()),
        ("hinge", lambda f: -f, lambda r, f: (1 - r).relu().mean() + (1 + f).relu().mean()),
    ],
)
def test_every_gan_type(*, train_of, managed, check, draw, kind, generator, discriminator):
    gan = {"type": "GANLoss", "gan_type": kind, "loss_weight": 0.3}
    manager = managed(train_of("basicsr", {"gan_opt": gan}, model_type="SRGANModel"))
    t = draw(**SCORES)
    check(manager, "G", t, 0.3 * generator(t["pred_fake"]).mean())
    check(manager, "D", t, discriminator(t["pred_real"], t["pred_fake"]))


def test_images_in_minus_one_to_one(train_of, managed, check, draw, vgg19):
    perceptual = {"type": "PerceptualLoss", "layer_weights": {"relu2_2": 2.0}, "range_norm": True}
    imported = train_of("basicsr", {"perceptual_opt": perceptual}, model_type="SRModel")
    t = draw(sr=(1, 3, 16, 16), hr=(1, 3, 16, 16))
    sr, hr = vgg19((t["sr"] + 1) / 2), vgg19((t["hr"].detach() + 1) / 2)
    check(
        managed(imported, overlay=vgg19.of("percep")),
        "total",
        t,
        2 * (sr["relu2_2"] - hr["relu2_2"]).abs().mean(),
    )


@pytest.mark.parametrize(
    ("key", "options", "reason"),
    [
        ("pixel_opt", {"type": "WeightedTVLoss"}, "it averages over pixels"),
        ("pixel_opt", {"type": "MyLoss"}, "register your own"),
        ("pixel_opt", {"type": "L1Loss", "reduction": "none"}, '`reduction` must be "mean" or "sum"'),
        ("pixel_opt", {"type": "L1Loss", "loss_weight": "1e-2"}, "in YAML with a point, such as 1.0e-2"),
        ("pixel_opt", {"loss_weight": 1.0}, "`type` is missing"),
        ("pixel_opt", {"type": "CharbonnierLoss", "eps": 0.0}, "must be more than 0"),
        ("perceptual_opt", {"type": "PerceptualLoss"}, "`layer_weights` is missing"),
        ("perceptual_opt", {"type": "PerceptualLoss", "layer_weights": {"pool3": 1}}, "got `pool3`"),
        (
            "perceptual_opt",
            {"type": "PerceptualLoss", "layer_weights": {"relu1_1": 1}, "criterion": "fro"},
            '"fro"',
        ),
        (
            "perceptual_opt",
            {"type": "PerceptualLoss", "layer_weights": {"relu1_1": 1}, "vgg_type": "vgg16"},
            "vgg16",
        ),
        ("gan_opt", {"type": "GANLoss", "gan_type": "magic"}, "`gan_type` is `magic`"),
        ("fft_opt", {"type": "FFTLoss", "loss_weight": 1.0}, "BasicSR has no such loss"),
    ],
)
def test_what_has_no_twin_is_listed_by_key_and_by_name(train_of, key, options, reason):
    imported = train_of("basicsr", {key: options}, model_type="SRGANModel")
    assert imported.losses == {}
    assert len(imported.missing) == 1
    (missing,) = imported.missing
    assert missing.key == f"train.{key}"
    assert missing.loss == options.get("type", "")
    assert reason in missing.reason


@pytest.mark.parametrize(
    ("kind", "labels", "twin"),
    [
        ("vanilla", (1, 0), True),
        ("vanilla", (0.9, 0), False),
        ("lsgan", (1, -1), True),
        ("lsgan", (1, 0), False),
        ("hinge", (1, 0), False),
        ("wgan", (1, 0), False),
        ("wgan_softplus", (1, 0), True),
    ],
)
def test_relativistic_kinds_with_a_twin(train_of, kind, labels, twin):
    gan = {"type": "GANLoss", "gan_type": kind, "real_label_val": labels[0], "fake_label_val": labels[1]}
    imported = train_of("basicsr", {"gan_opt": gan}, model_type="ESRGANModel")
    assert bool(imported.losses) == twin
    assert bool(imported.missing) != twin


def test_relativistic_least_squares(train_of, managed, check, draw):
    gan = {"type": "GANLoss", "gan_type": "lsgan", "fake_label_val": -1.0, "loss_weight": 0.5}
    manager = managed(train_of("basicsr", {"gan_opt": gan}, model_type="ESRGANModel"))
    t = draw(**SCORES)
    real, fake = t["pred_real"].detach(), t["pred_fake"]
    total = (((real - fake.mean()) + 1) ** 2).mean() + (((fake - real.mean()) - 1) ** 2).mean()
    check(manager, "G", t, 0.5 * total / 2)


def test_a_model_of_a_fork_is_read_as_its_base_and_listed(train_of):
    pixel = {"type": "L1Loss", "loss_weight": 1.0}
    imported = train_of("basicsr", {"pixel_opt": pixel}, model_type="HATModel")
    assert [*imported.losses] == ["pix"]
    assert [(each.key, each.loss) for each in imported.missing] == [("model_type", "HATModel")]


def test_an_option_that_the_loss_does_not_have_is_listed(train_of):
    pixel = {"type": "L1Loss", "loss_weight": 1.0, "eps": 1e-6}
    imported = train_of("basicsr", {"pixel_opt": pixel}, model_type="SRModel")
    assert [*imported.losses] == ["pix"]
    assert [(each.key, each.loss) for each in imported.missing] == [("train.pixel_opt.eps", "L1Loss")]


def test_what_the_model_does_not_read_is_said(train_of):
    train = {"pixel_opt": {"type": "L1Loss"}, "gan_opt": {"type": "GANLoss", "gan_type": "vanilla"}}
    imported = train_of("basicsr", train, model_type="EDVRModel")
    assert [*imported.losses] == ["pix"]
    assert imported.notes == ["train.gan_opt is not carried over: EDVRModel does not read it."]


def test_a_recurrent_model_flattens_its_frames(train_of):
    imported = train_of("basicsr", {"pixel_opt": {"type": "L1Loss"}}, model_type="VideoRecurrentGANModel")
    assert imported.inputs["sr"] == "the network's output, its frames in the batch (N T, C, H, W)"


def test_a_file_without_losses(train_of):
    with pytest.raises(ConfigError, match="has no losses of BasicSR"):
        train_of("basicsr", {"optim_g": {"type": "Adam"}}, model_type="SRModel")
