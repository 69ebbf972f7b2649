"""Numbers of NumPy and tensors without dimensions are taken for numbers, and kept as those of Python."""

import json

import numpy as np
import pytest
import torch

import lossspec
from lossspec import LMLoss, LossManager, schedules
from lossspec.errors import RegistrationError
from lossspec.language.diagnostics.error import SpecError
from lossspec.schedules import ScheduleError

HALVES = [np.float64(0.5), np.float32(0.5), np.array(0.5), torch.tensor(0.5)]
THREES = [np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)]
each_half = pytest.mark.parametrize("half", HALVES, ids=lambda each: type(each).__name__)
each_three = pytest.mark.parametrize("three", THREES, ids=lambda each: type(each).__name__)


@each_half
def test_params_and_overlays(half):
    spec = lossspec.load("pix2pix", params={"lambda_l1": half})
    assert spec.params["lambda_l1"] == 0.5
    assert type(spec.params["lambda_l1"]) is float
    spec = lossspec.load("pix2pix", overlay={"losses": {"G_L1": {"weight": half}}})
    assert type(spec.losses["G_L1"].weight) is float


@each_half
def test_tables_and_arguments_of_spec_functions(half):
    @lossspec.spec
    def fn(share=half):
        return {"losses": {"a": {"type": "torch.L1Loss", "inputs": ["x", half], "weight": share}}}

    spec = lossspec.load(fn)
    assert type(spec.params["share"]) is float
    assert spec.losses["a"].weight == spec.losses["a"].inputs[1].value == 0.5
    assert lossspec.load(fn, {"share": half}) == spec


@each_half
def test_weights_of_losses(half):
    loss = LMLoss("a", torch.nn.L1Loss(), loss_weight=half)
    assert repr(loss.loss_weight) == "0.5"
    loss.loss_weight = half
    assert repr(loss.loss_weight) == "0.5"
    manager = LossManager()
    manager.register_loss_fn("b", torch.nn.L1Loss(), half)
    json.dumps(manager.get_loss_weights())


@each_half
def test_schedules_and_what_they_return(half):
    assert schedules.from_table({"type": "constant", "value": half}) == schedules.constant(value=0.5)
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss(), schedule=lambda _: half)
    assert manager.get_loss_weights() == {"a": 0.5}
    assert type(schedules.from_callable(lambda _: half)(0)) is float


@each_three
def test_positions_and_counts(three):
    manager = LossManager.from_spec("pix2pix+decay", history_buffer_size=three)
    manager.set_progress(epoch=three, step=three, total_epochs=torch.tensor(9), batch_size=three)
    saved = manager.state_dict()
    kept = {name: saved[name] for name in ("epoch", "step", "batch_size")}
    assert kept == {"epoch": 3, "step": 3, "batch_size": 3}
    json.dumps(kept)


@pytest.mark.parametrize("value", [torch.ones(1), np.ones(2), torch.tensor(float("nan")), "0.5", True])
def test_other_values_are_no_numbers(value):
    with pytest.raises(RegistrationError, match="must be a finite number"):
        LMLoss("a", torch.nn.L1Loss(), loss_weight=value)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**5000], ids=["2^63", "less", "huge"])
def test_an_integer_beyond_64_bits_is_a_diagnostic(value):
    def table(**more):
        return {"losses": {"a": {"type": "torch.L1Loss", "inputs": ["x", "y"], **more}}}

    @lossspec.spec
    def weighted():
        return table(weight=value)

    @lossspec.spec
    def given(p=value):
        return table(weight="${p}")

    @lossspec.spec
    def inputs():
        return table(inputs=["x", value])

    for function, place in (
        (weighted, "losses.a.weight"),
        (given, "params.p"),
        (inputs, "losses.a.inputs[1]"),
    ):
        [found] = lossspec.validate(function)
        assert (found.code, found.message) == ("integer-too-large", f"`{place}` does not fit in 64 bits")
    for key, table_ in (
        ("params", {"lambda_l1": value}),
        ("overlay", {"losses": {"G_L1": {"weight": value}}}),
    ):
        with pytest.raises(SpecError, match="does not fit in 64 bits") as caught:
            lossspec.load("pix2pix", **{key: table_})
        assert caught.value.diagnostics[0].help == "write it as a float, such as 1e20"


def test_the_advice_for_a_large_integer_works():
    assert lossspec.load("pix2pix", params={"lambda_l1": 1e20}).losses["G_L1"].weight == 1e20


def test_a_huge_integer_is_never_a_value_error():
    huge = 10**5000
    with pytest.raises(ScheduleError, match="an integer of 16610 bits"):
        schedules.from_table({"type": "constant", "value": huge})
    with pytest.raises(RegistrationError, match="must be a finite number, got an integer of 16610 bits"):
        LMLoss("a", torch.nn.L1Loss(), loss_weight=huge)
