"""Export of live losses: registered types with their arguments, an error for all others."""

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
from lossspec.registry import types


def exported(**losses):
    return lossspec.spec(lambda: losses).table()["losses"]


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
    table = exported(**losses)
    assert table["G_GAN"] == {
        "type": "torch.BCEWithLogitsLoss",
        "inputs": ["pred_fake", 1.0],
        "objective": "G",
    }
    assert table["G_L1"]["weight"] == 7.0


class Mine(nn.Module):
    """A loss that nobody has registered."""

    def forward(self, x, y):
        return (x - y).mean()


class Sub(nn.L1Loss):
    """A subclass can compute something else than its parent."""


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (LMLoss("a", Mine()), "cannot export `a`: a Mine is not in the registry"),
        (LMLoss("a", Sub()), "cannot export `a`: a Sub is not in the registry"),
        (LMLoss("a", torch.dist), "is not in the registry"),
        (LMLoss("a", nn.L1Loss(), schedule=lambda t: t), "its schedule must be one of `lossspec.schedules`"),
        (LMLoss("b", nn.L1Loss()), "the key `a` must be the name of its loss, `b`"),
    ],
)
def test_what_has_no_toml_is_refused_by_name(loss, message):
    with pytest.raises(LossSpecError) as caught:
        exported(a=loss)
    assert message in str(caught.value)


def test_an_argument_that_a_module_does_not_keep_is_refused():
    loss = nn.SmoothL1Loss()
    del loss.beta
    with pytest.raises(LossSpecError, match="does not keep its argument `beta`"):
        exported(a=LMLoss("a", loss))


NOT_KEPT = {"torch.LinearCrossEntropyLoss"}  # it keeps a layer, not its arguments


@pytest.mark.parametrize("name", sorted(types("torch").keys() - NOT_KEPT))
def test_every_other_loss_of_torch_keeps_its_arguments(name):
    module = getattr(nn, name.partition(".")[2])()
    assert exported(a=LMLoss("a", module))["a"]["type"] == name


def test_a_spec_function_can_return_live_losses(tmp_path, monkeypatch):
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
