"""``lossspec table``: weights as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

import lossspec
from lossspec.cli.table import table_command

REFERENCE = "pix2pix+decay"


def table(*arguments):
    return CliRunner().invoke(table_command, [REFERENCE, *arguments])


def test_text():
    done = table("--at", "0,50,100,150,199")
    assert done.exit_code == 0
    assert (
        done.output
        == """\
epoch       0   50  100  150  199

objective G
  G_GAN     1    1    1    1    1
  G_L1    100  100  100   50    1

objective D
  D_real  0.5  0.5  0.5  0.5  0.5
  D_fake  0.5  0.5  0.5  0.5  0.5
"""
    )


def test_a_balanced_term_is_named():
    done = CliRunner().invoke(table_command, ["vqgan", "--steps-per-epoch", "100", "--at", "0"])
    assert done.output.splitlines()[2:9] == [
        "objective AE",
        "  rec          1",
        "  lpips        1",
        "  commit       1",
        "  codebook  0.25",
        "  G_GAN        0",
        "  In training, lossspec.GradientRatio multiplies the weights of rec, lpips, G_GAN.",
    ]
    arguments = ["vqgan", "--steps-per-epoch", "100", "--at", "0", "--format", "json"]
    balanced = json.loads(CliRunner().invoke(table_command, arguments).output)["balanced"]
    assert balanced == dict.fromkeys(["rec", "lpips", "G_GAN"], "lossspec.GradientRatio")


def test_csv():
    done = table("--at", "0,99.5,133,199", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert [row["epoch"] for row in rows] == ["0", "99.5", "133", "199"]
    assert [float(row["G_L1"]) for row in rows] == [100.0, 100.0, 67.0, 1.0]
    assert list(rows[0]) == ["epoch", "G_GAN", "G_L1", "D_real", "D_fake"]


def test_json():
    ramp = 'type="linear",unit="epoch",start=0,end=10,start_value=1.0,end_value=3.0'
    change = f'losses.G_L1={{type="torch.SmoothL1Loss",args={{beta={{{ramp}}}}}}}'
    document = json.loads(table("--at", "0,150", "--format", "json", "--set", change).output)
    digest = document.pop("digest")
    assert len(digest) == 64
    assert digest != lossspec.load(REFERENCE).digest
    assert document == {
        "spec": REFERENCE,
        "epochs": [0.0, 150.0],
        "weights": {"G_GAN": [1.0, 1.0], "G_L1": [100.0, 50.0], "D_real": [0.5, 0.5], "D_fake": [0.5, 0.5]},
        "arguments": {"G_L1.beta": [1.0, 3.0]},
        "balanced": {},
    }


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        ([], ["0", "50", "100", "149", "199"]),
        (["--epochs", "2"], ["0", "1"]),
        (["--epochs", "1"], ["0"]),
        (["--at", " 3"], ["3"]),
    ],
)
def test_the_epochs_that_are_shown(arguments, columns):
    assert table(*arguments).output.splitlines()[0].split() == ["epoch", *columns]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("a,b", "must be epochs such as 0,50,100, got 'a,b'"),
        ("", "must be epochs such as 0,50,100, got ''"),
        ("-1", "epochs must be at least 0 and below 1e9, got '-1'"),
        ("nan", "epochs must be at least 0 and below 1e9, got 'nan'"),
    ],
)
def test_invalid_epochs(at, message):
    done = table("--at", at)
    assert done.exit_code == 2
    assert message in done.output
