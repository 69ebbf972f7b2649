"""The text of an import: where each value came from, and what is missing."""

import tomli

import lossspec
from lossspec.convert import import_document, to_toml


def test_each_value_says_where_it_came_from(file_of):
    text = to_toml(file_of("train_ESRGAN_x4.yml"))
    for line in (
        "# Imported from train_ESRGAN_x4.yml (BasicSR) by `lossspec import`.",
        'type = "torch.L1Loss"  # train.pixel_opt.type = L1Loss',
        "weight = 0.01  # train.pixel_opt.loss_weight",
        'layers = ["conv5_4"]  # train.perceptual_opt.layer_weights',
        "weight = 0.0025  # train.gan_opt.loss_weight, halved, as the mean of two losses",
        "weight = 0.5  # ESRGANModel takes the mean of both halves",
    ):
        assert line in text.splitlines()


def test_what_is_missing_stands_in_the_file(file_of):
    text = to_toml(file_of("train_esrgan.toml"))
    assert "#\n# Not carried over:\n# - train.wavelet_guided: from step wavelet_init on" in text
    assert "# - train.mssim_opt (mssim_loss): it pads before it blurs" in text


def test_the_text_holds_what_was_imported(file_of):
    imported = file_of("train_realesrgan_x4plus.yml")
    document = tomli.loads(to_toml(imported))
    assert document["losses"] == {name: each.table for name, each in imported.losses.items()}
    assert document["objectives"] == {name: each.table for name, each in imported.objectives.items()}


def test_no_key_of_a_file_leaves_its_comment():
    train = {"pixel_opt": {"type": "L1Loss", 'x\n[losses.bad]\ntype = "torch.L1Loss"': 1, "\x7f\u2028": 2}}
    text = to_toml(import_document({"model_type": "SRModel", "train": train}, "basicsr", "a\nb.yml"))
    assert lossspec.validate(text) == []
    assert [*tomli.loads(text)["losses"]] == ["pix"]


def test_no_line_is_overlong(file_of):
    for name in ("train_ESRGAN_x4.yml", "train_esrgan.toml", "nectargan.json", "4x_ESRGAN_gan.yml"):
        assert max(map(len, to_toml(file_of(name)).splitlines())) <= 120
