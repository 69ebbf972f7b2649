import numpy as np
import pytest
import torch

from lossspec import LMLoss, schedules
from lossspec.errors import LossResultError, RegistrationError
from lossspec.schedules import ScheduleError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss_weight": None}, "the weight of `a` must be a finite number: it is None"),
        ({"loss_weight": float("inf")}, "the weight of `a` must be a finite number: it is inf"),
        ({"loss_weight": "1"}, "the weight of `a` must be a finite number: it is '1'"),
        ({"loss_weight": True}, "the weight of `a` must be a finite number: it is True"),
        (
            {"loss_weight": 2.0, "schedule": lambda t: t},
            "`a` has a weight (2.0) and a schedule: give one of them",
        ),
        ({"function": 3}, "the function of `a` can't be called: it is 3"),
        ({"function": torch.nn.L1Loss}, "the function of `a` is the class L1Loss: give it `L1Loss()`"),
        ({"tags": [1, "pixel"]}, "`tags` is a list of words: found 1 among them"),
        ({"tags": "pixel"}, "`tags` is a list of words: found the string 'pixel'"),
        (
            {"schedule": 5},
            "a schedule is a table, a `lossspec.schedules` object or a callable f(t) -> float: found 5",
        ),
        (
            {"schedule": schedules.linear},
            (
                "a schedule is a table, a `lossspec.schedules` object or a callable f(t) -> float: "
                "found <class 'lossspec.schedules.families.linear.linear'>"
            ),
        ),
    ],
)
def test_what_can_not_be_is_refused_by_name(arguments, message):
    with pytest.raises(RegistrationError) as raised:
        LMLoss(**{"name": "a", "function": torch.nn.L1Loss(), **arguments})
    assert str(raised.value) == message


def test_a_table_that_is_no_schedule_is_refused():
    with pytest.raises(ScheduleError):
        LMLoss("a", torch.nn.L1Loss(), schedule={"type": "linear", "start": 3, "end": 1})


@pytest.mark.parametrize(
    "schedule",
    [
        {"type": "linear", "start": 0, "end": 10, "start_value": 1.0, "end_value": 0.0},
        schedules.linear(start=0, end=10, start_value=1.0, end_value=0.0),
        lambda t: 1 - t / 10,
        lambda t: np.float32(1 - t / 10),
    ],
)
def test_tables_objects_and_callables_move_the_weight_alike(schedule):
    loss = LMLoss("a", torch.nn.L1Loss(), schedule=schedule)
    loss.reweigh(lambda unit: {"epoch": 5}[unit])
    assert loss.weight == pytest.approx(0.5, rel=1e-6)
    assert type(loss.weight) is float


@pytest.mark.parametrize("value", [float("nan"), None, "1", True, [1.0]])
def test_a_schedule_that_gives_no_finite_number_is_named(value):
    loss = LMLoss("a", torch.nn.L1Loss(), schedule=lambda _: value)
    with pytest.raises(LossResultError) as raised:
        loss.reweigh(lambda _: 7)
    assert str(raised.value) == (
        f"the schedule of the weight of `a` gives {value!r} at 7: a finite number is wanted"
    )
    assert loss.weight is None


def test_a_raising_schedule_is_named_with_its_cause():
    loss = LMLoss("a", torch.nn.L1Loss(), schedule=lambda t: 1 / t)
    with pytest.raises(LossResultError, match="the schedule of the weight of `a` failed at 0") as raised:
        loss.reweigh(lambda _: 0)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_the_weight_may_be_set_unless_a_schedule_moves_it():
    loss = LMLoss("a", torch.nn.L1Loss())
    loss.loss_weight = 3
    assert (loss.loss_weight, loss.weight) == (3.0, 3.0)
    with pytest.raises(RegistrationError, match="must be a finite number"):
        loss.loss_weight = float("nan")
    assert loss.weight == 3.0
    scheduled = LMLoss("b", torch.nn.L1Loss(), schedule=lambda t: t)
    with pytest.raises(RegistrationError, match="is moved by its schedule: it can't be set"):
        scheduled.loss_weight = 3.0


def test_a_loss_that_never_ran_has_no_value_and_an_empty_map():
    loss = LMLoss("a", torch.nn.L1Loss())
    assert loss.last_value != loss.last_value
    assert loss.last_loss_map.shape == (0,)
