"""MONAI's bundles: their losses by name and arguments, and no expression evaluated."""

import pytest
import torch

from lossspec.convert import import_document


def bundle(**keys):
    return import_document(keys, "monai", "train.json")


@pytest.mark.slow  # it imports monai
def test_the_dice_loss_of_a_bundle(file_of, managed, check, draw):
    imported = file_of("monai_train.json")
    assert imported.missing == []
    t = draw(input=(2, 3, 4, 4))
    target = (torch.rand(2, 3, 4, 4) > 0.5).double()
    p = t["input"].sigmoid()
    over = (p * target).sum((2, 3))
    dice = 1 - 2 * over / ((p**2).sum((2, 3)) + (target**2).sum((2, 3)) + 1e-5)
    check(managed(imported), "total", {**t, "target": target}, dice.mean())


@pytest.mark.parametrize(
    ("target", "type_"),
    [
        ("DiceCELoss", "monai.DiceCELoss"),
        ("monai.losses.DiceCELoss", "monai.DiceCELoss"),
        ("monai.losses.dice.DiceCELoss", "monai.DiceCELoss"),
        ("torch.nn.CrossEntropyLoss", "torch.CrossEntropyLoss"),
        ("torch.nn.modules.loss.MSELoss", "torch.MSELoss"),
    ],
)
def test_classes_by_name_or_by_path(target, type_):
    assert bundle(loss={"_target_": target}).losses["loss"].table["type"] == type_


def test_references_are_followed():
    imported = bundle(
        weights=[0.5, "@train#gamma"],
        train={"gamma": 2.0, "loss_fn": {"_target_": "FocalLoss", "gamma": "@train::gamma"}},
    )
    assert imported.losses["loss"].table["args"] == {"gamma": 2.0}
    assert imported.losses["loss"].sources["args.gamma"] == "train#loss_fn#gamma"


def test_several_losses_have_an_objective_each():
    imported = bundle(
        l1_loss={"_target_": "torch.nn.L1Loss"}, ssim_loss={"_target_": "SSIMLoss", "spatial_dims": 3}
    )
    assert [each.table["objective"] for each in imported.losses.values()] == ["l1_loss", "ssim_loss"]
    assert "objective of its own" in imported.notes[0]


def test_a_loss_that_is_switched_off_is_not_there():
    off = {"_target_": "DiceLoss", "_disabled_": True}
    assert [*bundle(loss={"_target_": "torch.nn.L1Loss"}, other_loss=off).losses] == ["loss"]


@pytest.mark.parametrize(
    ("loss", "name", "reason"),
    [
        (
            {"_target_": "DeepSupervisionLoss", "loss": "@inner"},
            "DeepSupervisionLoss",
            "lossspec has no such loss type",
        ),
        (
            {"_target_": "generative.losses.PerceptualLoss"},
            "generative.losses.PerceptualLoss",
            "has no such loss type",
        ),
        ({"_target_": "torch.nn.MSELoss", "size": 1}, "torch.nn.MSELoss", "has no argument `size`"),
        (
            {"_target_": "FocalLoss", "gamma": "$1 + 1"},
            "FocalLoss",
            "`gamma` must be plain data, got the expression `$1 + 1`",
        ),
        ({"_target_": "FocalLoss", "gamma": "@a"}, "FocalLoss", "`gamma` refers to itself"),
        ({"_target_": "FocalLoss", "gamma": "@nowhere#b"}, "FocalLoss", "which the file does not hold"),
        ({"_target_": "FocalLoss", "gamma": "@expression"}, "FocalLoss", "got the expression"),
        ({"_target_": "FocalLoss", "weight": {"_target_": "torch.tensor"}}, "FocalLoss", "got an object"),
        ({"_target_": "FocalLoss", "gamma": "two"}, "FocalLoss", "must be a number"),
        ("$torch.nn.L1Loss()", "$torch.nn.L1Loss()", "no code of a file is run"),
        ("$__import__('os').abort()", "$__import__('os').abort()", "no code of a file is run"),
    ],
)
def test_what_can_not_be_carried_over(loss, name, reason):
    imported = bundle(loss=loss, a="@b", b="@a", expression="$3.0")
    assert imported.losses == {}
    (missing,) = imported.missing
    assert (missing.key, missing.loss) == ("loss", name)
    assert reason in missing.reason


def test_an_expression_that_only_moves_a_loss_is_not_listed():
    imported = bundle(loss_def={"_target_": "torch.nn.L1Loss"}, loss="$@loss_def.to(@device)", device="cpu")
    assert [*imported.losses] == ["loss"]
    assert imported.missing == []
