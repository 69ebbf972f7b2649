"""Live losses as a document: what is known is written by name and arguments, what is not is refused."""

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import lossspec
from lossspec import schedules
from lossspec.cli import commands
from lossspec.errors import LossSpecError
from lossspec.language.write import write
from lossspec.losses import SobelLoss
from lossspec.manager import LMLoss
from lossspec.manager.export import document_of
from lossspec.registry import types


def exported(**losses):
    return document_of(losses)["losses"]


@pytest.mark.parametrize(
    ("function", "table"),
    [
        (nn.L1Loss(), {"type": "torch.L1Loss", "inputs": ["input", "target"]}),
        (
            nn.SmoothL1Loss(reduction="sum", beta=0.5),
            {
                "type": "torch.SmoothL1Loss",
                "args": {"reduction": "sum", "beta": 0.5},
                "inputs": ["input", "target"],
            },
        ),
        (
            nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]), ignore_index=3),
            {
                "type": "torch.CrossEntropyLoss",
                "args": {"weight": [1.0, 2.0], "ignore_index": 3},
                "inputs": ["input", "target"],
            },
        ),
        (
            SobelLoss(eps=1e-3),
            {"type": "lossspec.SobelLoss", "args": {"eps": 1e-3}, "inputs": ["input", "target"]},
        ),
    ],
)
def test_a_module_is_written_by_name_and_arguments(function, table):
    assert exported(a=LMLoss("a", function)) == {"a": table}


def test_weight_schedule_and_tags_are_written():
    ramp = schedules.linear(start=0, end=9, start_value=0.0, end_value=1.0)
    table = exported(
        a=LMLoss("a", nn.L1Loss(), 3.0, tags=["t"]),
        b=LMLoss("b", nn.L1Loss(), schedule=ramp),
    )
    assert (table["a"]["weight"], table["a"]["tags"]) == (3.0, ["t"])
    assert table["b"]["weight"] == {**ramp.to_table(), "unit": "epoch"}


def test_a_spec_loss_is_exported_with_its_current_weight():
    losses = lossspec.build(lossspec.load("pix2pix"))
    losses["G_L1"].loss_weight = 7.0
    table = document_of(losses)
    assert table["losses"]["G_GAN"] == {
        "type": "torch.BCEWithLogitsLoss",
        "inputs": ["pred_fake", 1.0],
        "objective": "G",
    }
    assert table["losses"]["G_L1"]["weight"] == 7.0


class Mine(nn.Module):
    """A loss that nobody has registered."""

    def forward(self, x, y):
        return (x - y).mean()


class Sub(nn.L1Loss):
    """A class of the user's is not its parent: it may compute something else."""


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (LMLoss("a", Mine()), "`a` is "),
        (LMLoss("a", Sub()), "`a` is "),
        (LMLoss("a", torch.dist), "which the registry does not know"),
        (LMLoss("a", nn.L1Loss(), schedule=lambda t: t), "the weight of `a` is moved by"),
        (LMLoss("b", nn.L1Loss()), "the key `a` holds the loss `b`"),
    ],
)
def test_what_no_spec_can_say_is_refused_by_name(loss, message):
    with pytest.raises(LossSpecError) as caught:
        exported(a=loss)
    assert message in str(caught.value)


def test_an_argument_that_a_module_does_not_tell_is_refused():
    loss = nn.SmoothL1Loss()
    del loss.beta
    with pytest.raises(LossSpecError, match="does not tell its argument `beta`"):
        exported(a=LMLoss("a", loss))


SILENT = {"torch.LinearCrossEntropyLoss"}  # it keeps what it is made of, not what it was made from


@pytest.mark.parametrize("name", sorted(types("torch").keys() - SILENT))
def test_every_other_loss_of_torch_tells_its_arguments(name):
    module = getattr(nn, name.partition(".")[2])()
    assert exported(a=LMLoss("a", module))["a"]["type"] == name


def test_a_spec_function_may_return_live_losses(tmp_path, monkeypatch):
    (tmp_path / "my_live_losses.py").write_text("""
import lossspec, torch
from lossspec import LMLoss

@lossspec.spec
def live(lambda_l1: float = 100.0):
    return {
        "l1": LMLoss("l1", torch.nn.L1Loss(), lambda_l1, tags=["pixel"]),
        "mse": LMLoss("mse", torch.nn.MSELoss(reduction="sum"), 2.0),
    }
""")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    from my_live_losses import live

    result = CliRunner().invoke(commands, ["export", "my_live_losses:live", "-o", "live.loss.toml"])
    assert result.exit_code == 0, result.output
    spec = lossspec.load("live.loss.toml")
    assert spec.digest == lossspec.load(live).digest
    assert {name: term.weight for name, term in spec.losses.items()} == {"l1": 100.0, "mse": 2.0}
    assert write(lossspec.load(live)) == write(spec)
