"""``lossspec diff``: text, JSON and exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import lossspec
from lossspec.cli.diff import diff_command
from lossspec.language.model import plain
from lossspec.report.describe.text import toml


def diff(*arguments):
    return CliRunner().invoke(diff_command, arguments, catch_exceptions=False)


def test_people_see_what_was_added_removed_and_changed():
    decay = lossspec.load("pix2pix+decay").losses["G_L1"].weight
    weight = toml(plain(decay.to_table()))
    done = diff("pix2pix+extended", "pix2pix+decay+lsgan")
    assert done.exit_code == 1
    assert (
        done.output.replace(weight, "WEIGHT")
        == """\
~ losses.G_GAN.type   "torch.BCEWithLogitsLoss" → "torch.MSELoss"
~ losses.G_L1.weight  100 → WEIGHT
~ losses.D_real.type  "torch.BCEWithLogitsLoss" → "torch.MSELoss"
~ losses.D_fake.type  "torch.BCEWithLogitsLoss" → "torch.MSELoss"
- losses.G_L2         10 MSELoss(y_fake, y) in G
- losses.G_SOBEL      10 SobelLoss(y_fake, y) in G
- losses.G_LAP        10 LaplacianLoss(y_fake, y) in G
"""
    )


def test_nothing_differs():
    done = diff("pix2pix", "pix2pix")
    assert (done.exit_code, done.output) == (0, "pix2pix and pix2pix compute the same\n")


def test_programs_get_json():
    done = diff("vqgan", "vqgan+custom", "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert found["first"] == {"reference": "vqgan", "digest": lossspec.load("vqgan").digest}
    assert found["second"]["reference"] == "vqgan+custom"
    assert found["same"] is False
    row = {"path": "losses.G_GAN.weight.start", "kind": "changed", "before": 250001, "after": 10000}
    assert row in found["changes"]
    same = json.loads(diff("vqgan", "vqgan", "--format", "json").output)
    assert (same["same"], same["changes"]) == (True, [])


@pytest.mark.parametrize("arguments", [("pix2pix", "pix2pixx"), ("pix2pixx", "pix2pix")])
def test_a_spec_that_cannot_be_loaded_is_an_error(arguments):
    done = diff(*arguments)
    assert done.exit_code == 2
    assert "pix2pixx" in done.stderr
    assert done.stdout == ""


def test_an_unknown_variant_is_shown_as_by_validate():
    done = diff("pix2pix", "pix2pix+vggg")
    assert done.exit_code == 2
    assert done.stderr.startswith("error[unknown-variant]: unknown variant `vggg`")
