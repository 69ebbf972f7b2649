"""``lossspec import``: what is written, what is listed, and the exit code."""

import json
import sys

import pytest
from click.testing import CliRunner

import lossspec
from lossspec.cli import commands

OPTIONS = """
model_type: SRModel
train:
  pixel_opt: {type: L1Loss, loss_weight: 0.5}
"""
PARTLY = OPTIONS + "  perceptual_opt: {type: LPIPSLoss, loss_weight: 0.1}\n"
MODULE = """
import torch

def losses(config, scale=1.0):
    return {"l1": (torch.nn.L1Loss(), config.train.weight * scale)}

number = 3
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    (tmp_path / "all.yml").write_text(OPTIONS)
    (tmp_path / "partly.yml").write_text(PARTLY)
    (tmp_path / "none.yml").write_text("model_type: SRModel\ntrain: {pixel_opt: {type: MyLoss}}")
    (tmp_path / "my_losses_for_import.py").write_text(MODULE)
    (tmp_path / "run.json").write_text(json.dumps({"config": {"train": {"weight": 3.0}}}))
    yield
    sys.modules.pop("my_losses_for_import", None)


def run(*args):
    result = CliRunner().invoke(commands, ["import", *args])
    if isinstance(result.exception, lossspec.LossSpecError):  # main() words it
        return result.exception, "", str(result.exception)
    return result.exit_code, result.stdout, result.stderr


def test_a_file_that_is_carried_over_whole():
    code, out, err = run("all.yml")
    assert (code, err) == (0, "")
    assert lossspec.validate(out) == []
    assert "weight = 0.5  # train.pixel_opt.loss_weight" in out


def test_the_rest_is_listed_and_the_exit_says_so():
    code, out, err = run("partly.yml", "--from", "basicsr")
    assert code == 1
    assert "not carried over: train.perceptual_opt (LPIPSLoss): " in err
    assert lossspec.validate(out) == []


def test_partial_turns_the_exit_into_0_and_nothing_else():
    code, *written = run("partly.yml", "--partial")
    assert code == 0
    assert written == list(run("partly.yml")[1:])


def test_a_file_is_written(tmp_path):
    assert run("partly.yml", "-o", "mine.loss.toml")[:2] == (1, "")
    assert lossspec.load(tmp_path / "mine.loss.toml").losses["pix"].weight == 0.5


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (
            ["none.yml", "--partial"],
            1,
            "no loss of `none.yml` can be carried over; nothing was written",
        ),
        (["all.yml", "-o", "mine.toml"], 2, "`mine.toml` must end in `.loss.toml`"),
        (
            ["all.yml", "-o", "nowhere/mine.loss.toml"],
            1,
            "cannot write `nowhere/mine.loss.toml`: No such file or directory",
        ),
        (["all.yml", "--from", "pickle"], 2, "'pickle' is not one of 'nectargan', 'basicsr'"),
        (["all.yml", "--arg", "a=1"], 2, "`--arg` is for functions"),
        (["a:b", "--from", "keras"], 2, "`--from` is for files"),
        (["nowhere_to_be_found:b"], 2, "nowhere_to_be_found`"),
        (["my_losses_for_import:number"], 2, "has no function `number`"),
        (["my_losses_for_import:"], 2, "must be MODULE:FUNCTION"),
        (["my_losses_for_import:losses"], 2, "missing a required argument: 'config'"),
        (["my_losses_for_import:losses"], 2, "one that computes a loss is registered with"),
        (["my_losses_for_import:losses", "--arg", "config"], 2, "--arg must be NAME=VALUE, got `config`"),
    ],
)
def test_nothing_is_written_otherwise(tmp_path, args, code, message):
    before = sorted(each.name for each in tmp_path.iterdir() if each.name != "__pycache__")
    found, out, err = run(*args)
    assert (found, out) == (code, "")
    assert message in err
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != "__pycache__") == before


def test_a_file_that_can_not_be_read_is_an_error(tmp_path):
    (tmp_path / "tag.yml").write_text("a: !!python/name:os.system")
    error, _, _ = run("tag.yml", "-o", "mine.loss.toml")
    assert isinstance(error, lossspec.LossSpecError)
    assert "the tag" in str(error)
    assert not (tmp_path / "mine.loss.toml").exists()


def test_a_function_takes_arguments_and_a_configuration():
    code, out, err = run(
        "my_losses_for_import:losses", "--arg", "config=@run.json#config", "--arg", "scale=2.0"
    )
    assert (code, err) == (0, "")
    assert lossspec.validate(out) == []
    assert "weight = 6.0  # the number beside the loss" in out
