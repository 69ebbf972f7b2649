"""Losses that a function returns: by type and arguments, NectarGAN's own classes among them."""

import sys
from dataclasses import dataclass, field
from types import ModuleType

import pytest
import torch
from torch import nn

import lossspec
from lossspec import schedules
from lossspec.convert.code.call import import_callable
from lossspec.errors import ConfigError


@dataclass
class Schedule:
    """NectarGAN's, as its constructor leaves it: epochs less 1 unless all is at its default."""

    schedule: object = "linear"
    start_epoch: int = 0
    end_epoch: int = 10_000_000
    initial_value: float = 1.0
    target_value: float = 1.0


@dataclass
class LMLoss:
    """NectarGAN's, as far as it matters."""

    name: str
    function: nn.Module
    loss_weight: float = 1.0
    schedule: Schedule = field(default_factory=Schedule)
    tags: list = field(default_factory=list)


class Sobel(nn.Module):
    pass


class Own(nn.Module):
    pass


@pytest.fixture(autouse=True)
def _nectargan(monkeypatch):
    monkeypatch.setattr(Sobel, "__module__", "nectargan.losses.losses")
    monkeypatch.setattr(Schedule, "__module__", "nectargan.scheduling.data")
    monkeypatch.setattr(LMLoss, "__module__", "nectargan.losses.lm_data")


def pix2pix(weight=100.0):
    bce = nn.BCEWithLogitsLoss()
    losses = [
        LMLoss("G_GAN", bce, 1.0, tags=["G"]),
        LMLoss("G_L1", nn.L1Loss(), weight, tags=["G"]),
        LMLoss("G_SOBEL", Sobel(), 3.0, tags=["G"]),
        LMLoss("D_real", bce, tags=["D"]),
    ]
    return {each.name: each for each in losses}


def test_losses_of_nectargan(managed):
    imported = import_callable(pix2pix, {"weight": 50.0}, "my:pix2pix")
    assert imported.missing == []
    tables = {name: each.table for name, each in imported.losses.items()}
    assert {name: each["weight"] for name, each in tables.items()} == {
        "G_GAN": 1.0, "G_L1": 50.0, "G_SOBEL": 3.0, "D_real": 1.0,
    }  # fmt: skip
    assert {name: each["objective"] for name, each in tables.items()} == {
        "G_GAN": "G", "G_L1": "G", "G_SOBEL": "G", "D_real": "D",
    }  # fmt: skip
    assert tables["G_SOBEL"]["type"] == "lossspec.SobelLoss"
    assert tables["G_SOBEL"]["args"] == {"grayscale": "mean"}
    x, y = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    given = {"G_GAN_input": x, "G_GAN_target": y, "G_L1_input": x, "G_L1_target": y}
    total = managed(imported).objective("G")(**given, G_SOBEL_input=x, G_SOBEL_target=x)
    expected = nn.functional.binary_cross_entropy_with_logits(x, y) + 50 * (x - y).abs().mean()
    torch.testing.assert_close(total, expected)


@pytest.mark.parametrize(("kind", "last"), [("linear", 0.0), ("exponential", 1.0), ("exponential", 0.0)])
def test_schedules_of_nectargan_as_its_trainer_runs_them(kind, last):
    schedule = Schedule(kind, 100 - 1, 200 - 1, 100.0, last)
    imported = import_callable(lambda: LMLoss("l1", nn.L1Loss(), 100.0, schedule), {}, "my:loss")
    moved = schedules.from_table(imported.losses["l1"].table["weight"])
    for index in (0, 97, 98, 99, 150, 197, 198, 300):
        epoch = index + 1  # as the trainer passes it
        sample = min(max((epoch - 99) / 100, 0.0), 1.0)
        first, target = (100.0, last) if kind == "linear" else (100.0, max(last, 1e-9))
        expected = (
            first + sample * (target - first) if kind == "linear" else first * (target / first) ** sample
        )
        assert moved(index) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (Schedule(max, 1, 2), "only linear and exponential ones"),
        (Schedule("linear", 1, 5, -1.0, 1.0), "a value below 0, which NectarGAN clamps"),
        (Schedule("linear", 5, 5), "ends before it begins"),
        (max, "must be NectarGAN's or lossspec's, got a builtin_function_or_method"),
    ],
)
def test_schedules_that_no_spec_can_say(schedule, reason):
    imported = import_callable(lambda: LMLoss("l1", nn.L1Loss(), 1.0, schedule), {}, "my:loss")
    (missing,) = imported.missing
    assert (missing.key, missing.loss) == ("l1", "L1Loss")
    assert reason in missing.reason


@pytest.mark.parametrize(
    ("returned", "weights"),
    [
        (nn.MSELoss(), {"loss": 1.0}),
        ([nn.MSELoss(), nn.L1Loss()], {"loss_0": 1.0, "loss_1": 1.0}),
        (nn.ModuleList([nn.MSELoss(), nn.L1Loss()]), {"loss_0": 1.0, "loss_1": 1.0}),
        ({"a b": (nn.MSELoss(), 0.5), "2": (2, nn.L1Loss())}, {"a_b": 0.5, "_2": 2.0}),
        (nn.ModuleDict({"mse": nn.MSELoss()}), {"mse": 1.0}),
    ],
)
def test_whatever_holds_losses(returned, weights):
    imported = import_callable(lambda: returned, {}, "my:losses")
    assert {name: each.table["weight"] for name, each in imported.losses.items()} == weights


def test_losses_of_lossspec_keep_their_schedules_and_tags():
    moved = schedules.linear(start=1, end=2, start_value=3.0, end_value=0.0)
    loss = lossspec.LMLoss("l1", nn.L1Loss(reduction="sum"), schedule=moved, tags=["pixel"])
    table = import_callable(lambda: {"l1": loss}, {}, "my:losses").losses["l1"].table
    assert table["args"] == {"reduction": "sum"}
    assert table["weight"]["type"] == "linear"
    assert table["tags"] == ["pixel"]


def test_losses_that_came_from_a_spec_are_those_of_the_spec(managed):
    spec = lossspec.load("lsgan")
    imported = import_callable(lossspec.build, {"spec": spec}, "lossspec:build")
    assert [*imported.losses] == [*spec.losses]
    assert managed(imported).objective("D").needed() == {"pred_real", "pred_fake"}


def test_losses_of_a_spec_beside_others(managed):
    def both():
        return {**lossspec.build(lossspec.load("lsgan")), "l1": nn.L1Loss()}

    imported = import_callable(both, {}, "my:losses")
    assert managed(imported).objective("total").needed() == {"l1_input", "l1_target"}


def test_classes_that_nobody_knows_are_listed():
    imported = import_callable(lambda: [Own(), nn.L1Loss()], {}, "my:losses")
    assert [*imported.losses] == ["loss_1"]
    assert [(each.key, each.loss) for each in imported.missing] == [("loss_0", "Own")]
    assert "register its class" in imported.missing[0].reason


@pytest.mark.parametrize(
    ("returned", "match"),
    [
        (None, "returned no losses"),
        ({}, "returned no losses"),
        ({"a": 3}, "`a` is an int"),
        (3, "`loss` is an int"),
    ],
)
def test_what_holds_none(returned, match):
    with pytest.raises(ConfigError, match=match):
        import_callable(lambda: returned, {}, "my:losses")


def test_a_function_that_fails():
    with pytest.raises(ConfigError, match=r"`my:losses` raised ZeroDivisionError: division by zero"):
        import_callable(lambda: 1 / 0, {}, "my:losses")


def test_nectargan_is_not_imported_to_know_its_classes():
    assert "nectargan" not in sys.modules or isinstance(sys.modules["nectargan"], ModuleType)
