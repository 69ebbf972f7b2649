"""``lossspec plot``: in the terminal or into a file, without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from lossspec.cli.plot import plot_command

BY_STEP = 'losses.G_L1.weight={type="linear",unit="step",start=0,end=50,start_value=1.0,end_value=0.0}'


def plot(*arguments, **environment):
    return CliRunner(env={"COLUMNS": "70", **environment}).invoke(plot_command, arguments)


def test_it_draws_in_the_terminal_as_wide_as_that_is():
    done = plot("pix2pix+decay")
    assert done.exit_code == 0
    assert "objective G" in done.output
    assert "G_L1   100 until 100, falls to 1 at 199" in done.output
    assert max(map(len, done.output.splitlines())) <= 70
    assert "\x1b" not in done.output  # not a terminal


def test_epochs_params_and_overrides_apply():
    done = plot(
        "pix2pix+decay", "--epochs", "150", "--param", "lambda_l1=8", "--set", "objectives.D.weight=0.25"
    )
    assert "G_L1   8 until 100, falls to 4.08 at 149" in done.output
    assert "D_fake  0.25" in done.output


def test_schedules_that_count_steps():
    done = plot("pix2pix", "--epochs", "10", "--steps-per-epoch", "5", "--set", BY_STEP)
    assert "G_L1   falls from 1 to 0.02 at 9.8" in done.output
    done = plot("pix2pix", "--epochs", "10", "--set", BY_STEP)
    assert (
        str(done.exception)
        == "the weight of `G_L1` counts steps: set the steps of an epoch with --steps-per-epoch"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "begin"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("PDF", b"%PDF")])
def test_it_writes_a_file(tmp_path, suffix, begin):
    path = tmp_path / f"weights.{suffix}"
    done = plot("pix2pix", "-o", str(path))
    assert (done.exit_code, done.output) == (0, "")
    assert path.read_bytes().startswith(begin)


def test_what_cannot_be_written(tmp_path):
    done = plot("pix2pix", "-o", str(tmp_path / "weights.jpg"))
    assert done.exit_code == 2
    assert "-o must end in one of .svg, .png, .pdf, got `" in done.output
    done = plot("pix2pix", "-o", str(tmp_path / "nowhere" / "weights.svg"))
    assert done.exit_code == 1
    assert "No such file or directory" in done.output


@pytest.mark.parametrize("command", ["plot", "table"])
def test_torch_is_not_imported(command):
    code = (
        "import sys; from lossspec.cli import commands\n"
        f"commands(['{command}', 'pix2pix+decay'], standalone_mode=False)\n"
        "assert not {'torch', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_balanced_term_is_named():
    text = plot("vqgan", "--steps-per-epoch", "9", COLUMNS="120").output
    generator, _ = text.split("objective D")
    assert (
        "\n  In training, lossspec.GradientRatio multiplies the weights of rec, lpips, G_GAN.\n" in generator
    )
    assert text.count("multiplies") == 1
