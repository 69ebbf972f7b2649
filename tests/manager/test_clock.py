import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.errors import ClockError, NonFiniteError
from lossspec.manager.clock.clock import Clock


def test_starts_at_zero_and_counts_steps():
    clock = Clock()
    assert (clock.epoch, clock.step, clock.stepped) == (0, 0, False)
    clock.tick()
    clock.tick()
    assert (clock.epoch, clock.step, clock.stepped) == (0, 2, True)


def test_set_to_step_zero_counts_as_stepping():
    clock = Clock()
    clock.move(step=0)
    assert clock.stepped


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ({"epoch": -1}, "`epoch` must be a number of at least 0, got -1"),
        ({"epoch": float("nan")}, "`epoch` must be a number of at least 0, got nan"),
        ({"epoch": "3"}, "`epoch` must be a number of at least 0, got '3'"),
        ({"epoch": True}, "`epoch` must be a number of at least 0, got True"),
        ({"step": 1.5}, "`step` must be a whole number, got 1.5"),
        ({"total_epochs": 0}, "`total_epochs` must be a number above 0, got 0"),
        ({"total_steps": -5}, "`total_steps` must be a number above 0, got -5"),
    ],
)
def test_an_invalid_move_is_refused_and_nothing_moves(moves, message):
    clock = Clock()
    clock.move(epoch=3, step=7)
    with pytest.raises(ClockError) as raised:
        clock.move(**{"epoch": 5, **moves})
    assert str(raised.value) == message
    assert (clock.epoch, clock.step, clock.total_epochs, clock.total_steps) == (3, 7, None, None)


def test_numpy_numbers_become_python_numbers():
    clock = Clock()
    clock.move(np.int64(3), np.int64(4), np.float64(2.5), np.int64(6))
    found = (clock.epoch, clock.step, clock.total_epochs, clock.total_steps)
    assert found == (3, 4, 2.5, 6)
    assert [type(each) for each in found] == [int, int, float, int]


def test_nan_is_refused_where_the_clock_only_moves_on():
    with pytest.raises(ClockError, match="got nan"):
        Clock().forward(math.nan)


@pytest.mark.parametrize("move", [Clock.tick, lambda clock: clock.move(epoch=1, step=1)])
def test_all_followers_are_called_if_an_earlier_one_fails(move):
    clock = Clock()
    heard = []

    def fail():
        heard.append("first")
        raise NonFiniteError("a value")

    clock.follow(["step"], fail)
    clock.follow(["step"], lambda: heard.append("second"))
    with pytest.raises(NonFiniteError):
        move(clock)
    assert heard == ["first", "second"]


def test_fraction_is_of_total_steps_or_else_of_epochs():
    clock = Clock()
    with pytest.raises(ClockError, match=r"set_progress\(total_steps=\.\.\.\)"):
        clock.position("fraction")
    clock.move(epoch=50, total_epochs=200)
    assert clock.position("fraction") == 0.25
    clock.move(step=900, total_steps=1000)
    assert clock.position("fraction") == 0.9


@given(st.lists(st.sampled_from(["epoch", "step", "tick", "total"]), max_size=20))
def test_followers_are_called_once_a_move_and_in_order(moves):
    clock = Clock()
    heard = []
    clock.follow(["epoch"], lambda: heard.append("epoch"))
    clock.follow(["step"], lambda: heard.append("step"))
    clock.follow(["fraction"], lambda: heard.append("fraction"))
    clock.follow(["epoch", "step"], lambda: heard.append("both"))
    expected = []
    for move in moves:
        if move == "epoch":
            clock.move(epoch=1)
            expected += ["epoch", "fraction", "both"]
        elif move == "step":
            clock.move(step=1, epoch=2)
            expected += ["epoch", "step", "fraction", "both"]
        elif move == "tick":
            clock.tick()
            expected += ["step", "fraction", "both"]
        else:
            clock.move(total_steps=10)
            expected += ["fraction"]
    assert heard == expected
