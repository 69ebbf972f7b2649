import numpy as np
import pytest
import torch

from lossspec import LMLoss, schedules
from lossspec.errors import LossResultError, RegistrationError
from lossspec.schedules import ScheduleError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss_weight": None}, "the weight of `a` must be a finite number, got None"),
        ({"loss_weight": float("inf")}, "the weight of `a` must be a finite number, got inf"),
        ({"loss_weight": "1"}, "the weight of `a` must be a finite number, got '1'"),
        ({"loss_weight": True}, "the weight of `a` must be a finite number, got True"),
        (
            {"loss_weight": 2.0, "schedule": lambda t: t},
            "`a` has both a weight (2.0) and a schedule: give only one",
        ),
        ({"function": 3}, "the function of `a` must be callable, got 3"),
        (
            {"function": torch.nn.L1Loss},
            "the function of `a` must be an instance, got the class L1Loss: pass `L1Loss()`",
        ),
        ({"tags": [1, "pixel"]}, "`tags` must be a list of strings, got [1, 'pixel']"),
        ({"tags": "pixel"}, "`tags` must be a list of strings, got 'pixel'"),
        (
            {"schedule": 5},
            "a schedule must be a table, a `lossspec.schedules` object or a callable f(t) -> float, got 5",
        ),
        (
            {"schedule": schedules.linear},
            (
                "a schedule must be a table, a `lossspec.schedules` object or a callable f(t) -> float, "
                "got <class 'lossspec.schedules.families.linear.linear'>"
            ),
        ),
    ],
)
def test_invalid_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(RegistrationError) as raised:
        LMLoss(**{"name": "a", "function": torch.nn.L1Loss(), **arguments})
    assert str(raised.value) == message


def test_a_table_that_is_not_a_schedule_is_refused():
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
    loss.update(lambda unit: {"epoch": 5}[unit])
    assert loss.term_weight == pytest.approx(0.5, rel=1e-6)
    assert type(loss.term_weight) is float


@pytest.mark.parametrize("value", [float("nan"), None, "1", True, [1.0]])
def test_a_schedule_without_a_finite_number_is_named(value):
    loss = LMLoss("a", torch.nn.L1Loss(), schedule=lambda _: value)
    with pytest.raises(LossResultError) as raised:
        loss.update(lambda _: 7)
    assert str(raised.value) == (
        f"the schedule of the weight of `a` must return a finite number, got {value!r} at 7"
    )
    assert loss.term_weight is None


def test_a_raising_schedule_is_named_with_its_cause():
    loss = LMLoss("a", torch.nn.L1Loss(), schedule=lambda t: 1 / t)
    with pytest.raises(LossResultError, match="the schedule of the weight of `a` failed at 0") as raised:
        loss.update(lambda _: 0)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_the_weight_can_be_set_without_a_schedule():
    loss = LMLoss("a", torch.nn.L1Loss())
    loss.loss_weight = 3
    assert (loss.loss_weight, loss.term_weight) == (3.0, 3.0)
    with pytest.raises(RegistrationError, match="must be a finite number"):
        loss.loss_weight = float("nan")
    assert loss.term_weight == 3.0
    scheduled = LMLoss("b", torch.nn.L1Loss(), schedule=lambda t: t)
    with pytest.raises(RegistrationError, match="cannot be set: it has a schedule"):
        scheduled.loss_weight = 3.0


def test_a_loss_that_never_ran_has_no_value_and_an_empty_map():
    loss = LMLoss("a", torch.nn.L1Loss())
    assert loss.last_value != loss.last_value
    assert loss.last_loss_map.shape == (0,)
