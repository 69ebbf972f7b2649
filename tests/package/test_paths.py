"""A `~` is the home folder wherever a path is given."""

import json

import pytest
import torch
from click.testing import CliRunner

import lossspec
from lossspec import LossManager
from lossspec.cli import commands
from lossspec.errors import LossInputError
from lossspec.log.reading.reader import read_log
from lossspec.report.run.page import write_report

SPEC = 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
WEIGHTS = """format = 1
params.file = "default"
[losses.vgg]
type = "lossspec.VGGPerceptualLoss"
args = { layers = ["relu1_1"], weights = "${file}" }
inputs = ["x", "y"]
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "my.loss.toml").write_text(SPEC)
    return folder


def invoke(*arguments):
    result = CliRunner().invoke(commands, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_of_a_spec(home, monkeypatch):
    assert lossspec.load("~/my.loss.toml").folder == str(home)
    assert lossspec.validate("~/my.loss.toml") == []
    monkeypatch.setenv("LOSSSPEC_PATH", "~")
    assert lossspec.load("my").folder == str(home)
    for target in ("~/my.loss.toml", "~"):
        assert "1 spec, no problems" in CliRunner().invoke(commands, ["validate", target]).stderr
    invoke("new", "~/new.loss.toml")
    assert (home / "new.loss.toml").is_file()


def test_of_a_run(home):
    with LossManager.from_spec("~/my.loss.toml", experiment_dir="~/run") as manager:
        manager.objective()(x=torch.ones(1), y=torch.zeros(1))
    assert (home / "run" / "loss_log.jsonl").is_file()
    log = read_log("~/run")
    write_report([log], "~/page.html")
    assert (home / "page.html").is_file()
    invoke("log", "export", "~/run", "--format", "csv", "--output=~/losses.csv")
    assert (home / "losses.csv").is_file()


def test_of_a_configuration(home):
    (home / "c.json").write_text(json.dumps({"dataloader": {"batch_size": 2}}))
    assert lossspec.ConfigManager("~/c.json").path == home / "c.json"


def test_of_weights_that_the_caller_names(home, tmp_path):
    (tmp_path / "w.loss.toml").write_text(WEIGHTS)
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, home / "vgg.pth")
    with pytest.raises(
        LossInputError, match=r"home.vgg\.pth` are not VGG19's: `features\.0\.bias` is missing"
    ):
        LossManager.from_spec("w.loss.toml", params={"file": "~/vgg.pth"})  # it was read
    [problem] = lossspec.validate(WEIGHTS.replace('"${file}"', '"~/vgg.pth"').replace("params.file", "#"))
    assert problem.code == "path-outside"  # from a spec
