import json

import numpy as np
import pytest
import tomli
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from lossspec import LossManager
from lossspec.cli.probe import probe_command
from lossspec.errors import LossSpecError


@pytest.fixture
def batch():
    torch.manual_seed(0)
    names = {"y_fake": (2, 3, 8, 8), "y": (2, 3, 8, 8), "pred_fake": (2, 1, 2, 2)}
    return {name: torch.rand(shape) for name, shape in names.items()}


@pytest.fixture
def saved(batch, tmp_path):
    torch.save(batch, tmp_path / "batch.pt")
    return tmp_path / "batch.pt"


def call(*arguments, fails=False):
    found = CliRunner().invoke(probe_command, [str(each) for each in arguments])
    if isinstance(found.exception, LossSpecError):
        raise found.exception
    assert (found.exit_code != 0) is fails, found.output
    return found.output


def test_the_table_is_that_of_the_manager(saved, batch):
    output = call("pix2pix", "--objective", "G", "--batch", saved, "--wrt", "y_fake")
    given = {**batch, "y_fake": batch["y_fake"].requires_grad_()}
    assert output == LossManager.from_spec("pix2pix").probe("G", wrt=["y_fake"], **given).text() + "\n"
    assert "`G_GAN` has no gradient at `y_fake`" in output


def test_each_kind_of_file_is_read(saved, batch, tmp_path):
    np.savez(tmp_path / "batch.npz", **{name: value.numpy() for name, value in batch.items()})
    save_file(batch, tmp_path / "batch.safetensors")
    expected = json.loads(call("pix2pix", "--objective", "G", "--batch", saved, "--format", "json"))
    for name in ("batch.npz", "batch.safetensors"):
        output = call("pix2pix", "--objective", "G", "--batch", tmp_path / name, "--format", "json")
        assert json.loads(output) == expected
    assert expected["wrt"] == "`pred_fake`, `y_fake`"  # the first inputs of the terms


def test_suggested_weights_are_an_overlay(saved):
    arguments = ["pix2pix", "--objective", "G", "--batch", saved]
    output = call(*arguments, "--suggest", "shares=G_L1:0.7,G_GAN:0.3")
    weights = tomli.loads(output)["losses"]
    settings = [f"--set=losses.{name}.weight={each['weight']}" for name, each in weights.items()]
    found = json.loads(call(*arguments, *settings, "--format", "json"))
    shares = {name: term["gradient_share"] for name, term in found["terms"].items()}
    assert shares == pytest.approx({"G_L1": 0.7, "G_GAN": 0.3}, abs=0.01)
    assert output.startswith("# Suggested by one batch")
    equal = call(*arguments, "--suggest", "equal-gradient")
    assert "losses.G_GAN.weight" in equal


def test_a_schedule_is_suggested_as_a_factor(saved, tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text("""
format = 1
losses.a = { type = "torch.L1Loss", inputs = ["y_fake", "y"], weight = 2 }
[losses.b]
type = "torch.MSELoss"
inputs = ["y_fake", "y"]
weight = { type = "linear", unit = "epoch", start = 0, end = 10, start_value = 1, end_value = 2 }
""")
    assert "# b has a schedule: multiply its values by" in call(
        path, "--batch", saved, "--suggest", "equal-gradient"
    )
    weights = [
        json.loads(call(path, "--batch", saved, "--epoch", epoch, "--format", "json"))["terms"]["b"]["weight"]
        for epoch in (0, 5)
    ]
    assert weights == [1.0, 1.5]


def test_a_picture_is_drawn(saved, tmp_path):
    call("pix2pix+extended", "--objective", "G", "--batch", saved, "-o", tmp_path / "probe.png")
    assert (tmp_path / "probe.png").read_bytes().startswith(b"\x89PNG")


def test_bad_calls_say_what_to_do(saved, tmp_path):
    assert "choose one of the objectives with --objective: G, D" in call(
        "pix2pix", "--batch", saved, fails=True
    )
    wrong = call("pix2pix", "--objective", "G", "--batch", saved, "--suggest", "half", fails=True)
    assert "must be `equal-gradient` or `shares=TERM:SHARE,...`, got 'half'" in wrong
    for name in ("text.pt", "text.npz", "text.safetensors"):
        (tmp_path / name).write_text("not tensors")
        output = call("pix2pix", "--objective", "G", "--batch", tmp_path / name, fails=True)
        assert "cannot read tensors from" in output
    (tmp_path / "empty.pt").touch()
    output = call("pix2pix", "--objective", "G", "--batch", tmp_path / "empty.pt", fails=True)
    assert "expected tensors by name and nothing else" in output
    output = call("pix2pix", "--objective", "D", "--batch", saved, fails=True)
    assert "is missing tensors of the objective `D`: `pred_real`" in output
    torch.save([1, 2], tmp_path / "list.pt")
    assert "must hold a dict of tensors by name, got list" in call(
        "pix2pix", "--objective", "G", "--batch", tmp_path / "list.pt", fails=True
    )


def test_without_a_first_input_it_asks_for_one(saved, tmp_path):
    path = tmp_path / "detached.loss.toml"
    inputs = '[{ name = "y_fake", detach = true }, { name = "y", detach = true }]'
    path.write_text(f'format = 1\nlosses.a = {{ type = "torch.L1Loss", inputs = {inputs} }}\n')
    output = call(path, "--batch", saved, fails=True)
    assert (
        f"no term of the objective `total` has a first input, not detached, that is in `{saved}`: "
        "choose what gradients are taken at with --wrt, of its tensors: `"
    ) in output
    assert "``" not in output


def test_nothing_in_a_batch_is_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (tmp_path / "harmed").touch, ()

    torch.save({"y": Harmful()}, tmp_path / "harm.pt")
    output = call("pix2pix", "--objective", "G", "--batch", tmp_path / "harm.pt", fails=True)
    assert "cannot read tensors from" in output
    assert "weights_only" not in output
    assert not (tmp_path / "harmed").exists()
