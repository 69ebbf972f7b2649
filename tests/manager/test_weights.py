import gc
import weakref

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossspec import LMLoss, LossManager, register_loss, schedules
from lossspec.errors import ClockError, LossResultError

X, Y = torch.ones(2), torch.zeros(2)


@given(epochs=st.lists(st.floats(0, 300), min_size=1, max_size=10))
def test_the_applied_weight_is_the_schedule_at_the_epoch(epochs):
    schedule = schedules.linear(start=100, end=200, start_value=100.0, end_value=0.0)
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss(), schedule=schedule)
    for epoch in epochs:
        manager.set_progress(epoch=epoch)
        assert manager.compute_loss_xy("a", X, Y).item() == pytest.approx(schedule(epoch), rel=1e-6)
        assert manager.get_loss_weights(precision=None)["a"] == schedule(epoch)


@pytest.mark.parametrize(
    ("unit", "moves", "expected"),
    [
        ("epoch", [{"epoch": 5}], 5.0),
        ("step", [{"step": 5}], 5.0),
        ("fraction", [{"total_epochs": 10}, {"epoch": 5}], 0.5),
        ("fraction", [{"epoch": 5}, {"total_epochs": 10}], 0.5),
        ("fraction", [{"total_steps": 10, "total_epochs": 100}, {"step": 5, "epoch": 1}], 0.5),
        ("fraction", [{"total_steps": 10}, "step", "step"], 0.2),
        (None, [{"epoch": 5, "step": 3}], 5.0),
    ],
)
def test_units(unit, moves, expected):
    manager = LossManager()
    line = schedules.piecewise(points=[[0, 0.0], [1000, 1000.0]], unit=unit)
    manager.register_loss_fn("a", torch.nn.L1Loss(), schedule=line)
    for move in moves:
        manager.step() if move == "step" else manager.set_progress(**move)
    assert manager.get_loss_weights(precision=None)["a"] == pytest.approx(expected)


def test_a_manager_whose_clock_has_not_moved_calls_no_schedule(make_manager):
    calls = []

    def schedule(t):
        calls.append(t)
        return 1.0

    manager = make_manager(a={})
    manager.register_loss_fn("b", torch.nn.L1Loss(), schedule=schedule)
    for _ in range(10):
        manager.compute_loss_xy("b", X, Y, epoch=0)
        manager.step()
    assert calls == [0]
    manager.set_progress(epoch=1)
    assert calls == [0, 1]


@pytest.fixture(scope="module", autouse=True)
def _losses():
    @register_loss("test_weights.Capacity", live=("capacity",))
    class Capacity(torch.nn.Module):
        """Distance from a capacity."""

        def __init__(self, capacity: float = 0.0):
            super().__init__()
            self.capacity = capacity

        def forward(self, x):
            return (x.mean() - self.capacity).abs()


def test_a_live_argument_follows_the_clock(make_manager):
    capacity = schedules.linear(start=0, end=4, start_value=0.0, end_value=1.0, unit="step")
    manager = make_manager(
        a={"type": "test_weights.Capacity", "args": {"capacity": capacity}, "inputs": ["x"]}
    )
    objective = manager.objective()
    found = []
    for _ in range(6):
        found.append(objective(x=X).item())
        manager.step()
    assert found == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ({"weight": schedules.window(value=1.0, end=5, unit="step")}, "`a` depends on the step"),
        ({"every": (4, 4.0)}, "`a` depends on the step"),
        (
            {
                "type": "test_weights.Capacity",
                "inputs": ["x"],
                "args": {
                    "capacity": schedules.linear(start=0, end=4, start_value=0.0, end_value=1.0, unit="step")
                },
            },
            "`a` depends on the step",
        ),
    ],
)
def test_steps_that_never_advance_are_an_error_at_flush(make_manager, tmp_path, term, message):
    from lossspec import read_log

    manager = make_manager(options={"experiment_dir": tmp_path}, a=term)
    objective = manager.objective()
    tensors = dict.fromkeys(objective.needed(), X)
    objective(**tensors)
    manager.update_loss_log()  # one value alone says nothing yet
    objective(**tensors)
    objective(**tensors)
    with pytest.raises(ClockError, match=message):
        manager.update_loss_log()
    assert len(read_log(tmp_path).losses["a"]) == 3  # written all the same
    manager.step()
    objective(**tensors)
    objective(**tensors)
    manager.update_loss_log()


def test_an_objective_weight_that_counts_steps_is_named(make_manager):
    window = schedules.window(value=1.0, end=5, unit="step")
    manager = make_manager(objectives={"total": window}, a={})
    for _ in range(2):
        manager.objective()(x=X, y=Y)
    with pytest.raises(
        ClockError, match=r"`a` depends on the step, which never moved: call `manager.step\(\)`"
    ):
        manager.update_loss_log()


def test_a_failing_schedule_raises_only_when_its_loss_runs():
    manager = LossManager()
    manager.register_loss_fn("bad", torch.nn.L1Loss(), schedule=lambda t: 1 / (t - 2))
    manager.register_loss_fn("good", torch.nn.L1Loss(), schedule=lambda t: t)
    manager.set_progress(epoch=2)
    assert manager.compute_loss_xy("good", X, Y).item() == 2.0
    with pytest.raises(LossResultError, match=r"the weight of `bad` is unknown: the schedule .* failed at 2"):
        manager.compute_loss_xy("bad", X, Y)
    manager.set_progress(epoch=3)
    assert manager.compute_loss_xy("bad", X, Y).item() == 1.0


def test_weights_that_are_not_known_stop_an_objective(make_manager):
    manager = make_manager(a={"weight": schedules.window(value=3.0, end=0.5, unit="fraction")})
    objective = manager.objective()
    with pytest.raises(ClockError, match=r"the weight of `a` is unknown.*total_epochs"):
        objective(x=X, y=Y)
    manager.set_progress(total_epochs=10)
    assert objective(x=X, y=Y).item() == 3.0


def test_a_weight_set_by_hand_keeps_an_unknown_argument():
    half = schedules.linear(start=0, end=1, start_value=1.0, end_value=2.0, unit="fraction")
    loss = LMLoss("a", torch.nn.HuberLoss(delta=9.0), live={"delta": half})
    manager = LossManager()
    manager.init_from_spec(lambda: {"a": loss})
    loss.loss_weight = 3.0
    with pytest.raises(ClockError, match="the weight of `a` is unknown"):
        manager.compute_loss_xy("a", X, Y)
    manager.set_progress(total_epochs=10)
    assert manager.compute_loss_xy("a", X, Y).item() == 1.5
    assert loss.function.delta == 1.0


@pytest.mark.slow
def test_a_failed_schedule_keeps_no_frames_alive():
    manager = LossManager()

    def prepare():
        batch = torch.zeros(3)
        fade = schedules.linear(start=0, end=1, start_value=1.0, end_value=0.0, unit="fraction")
        manager.register_loss_fn("a", torch.nn.L1Loss(), schedule=fade)
        return weakref.ref(batch)

    batch = prepare()
    gc.collect()
    assert batch() is None


def test_an_invalid_batch_size_is_refused():
    manager = LossManager()
    with pytest.raises(ClockError, match=r"`batch_size` must be a whole number of at least 1, got 0"):
        manager.set_progress(epoch=3, batch_size=0)
    assert manager.state_dict()["epoch"] == 0
