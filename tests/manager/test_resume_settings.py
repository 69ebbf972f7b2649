"""What the caller sets, and a checkpoint: weights come back, the length of the run stays the caller's."""

import io

import pytest
import torch

from lossspec import LossManager, read_log, schedules
from lossspec.errors import CheckpointError


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def set_weight(manager, name, value):
    manager.get_registered_losses(strip=False)[name].loss_weight = value


def test_an_adaptive_weight_continues_where_it_was(make_spec, tmp_path):
    spec = make_spec(kl={"type": "lossspec.Precomputed", "inputs": ["kl"], "weight": 0.2})

    def train(manager, steps):
        for _ in range(steps):
            manager.objective("total")(kl=torch.tensor(0.5, requires_grad=True)).backward()
            set_weight(manager, "kl", manager.get_loss_weights(precision=None)["kl"] * 1.5)
            manager.step()

    with LossManager.from_spec(spec, experiment_dir=tmp_path) as manager:
        train(manager, 4)
        state = through_a_file(manager.state_dict())
    with LossManager.from_spec(spec, experiment_dir=tmp_path) as manager:
        manager.load_state_dict(state)
        train(manager, 2)
    assert list(read_log(tmp_path).losses["kl"].term_weight) == pytest.approx(
        [0.2 * 1.5**n for n in range(6)]
    )


def test_a_weight_with_a_gain_comes_back(make_manager, xy):
    manager, other = (make_manager(a={"every": (4, 4.0), "weight": 3.0}) for _ in range(2))
    set_weight(manager, "a", 5.0)
    other.load_state_dict(through_a_file(manager.state_dict()))
    assert other.get_loss_weights() == {"a": 20.0}
    assert other.objective("total")(x=xy[0], y=xy[1]) == manager.objective("total")(x=xy[0], y=xy[1])


def make_code_manager(weight=2.0, **other):
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss(), loss_weight=weight)
    for name, schedule in other.items():
        manager.register_loss_fn(name, torch.nn.L1Loss(), schedule=schedule)
    return manager


def test_only_weights_that_were_set_by_hand_are_saved():
    manager = make_code_manager()
    assert manager.state_dict()["weights"] == {}
    changed = make_code_manager(weight=7.0)  # the code was edited between the runs
    changed.load_state_dict(manager.state_dict())
    assert changed.get_loss_weights() == {"a": 7.0}
    set_weight(manager, "a", 5)
    assert through_a_file(manager.state_dict())["weights"] == {"a": 5.0}
    changed.load_state_dict(manager.state_dict())
    assert changed.get_loss_weights() == {"a": 5.0}
    assert changed.state_dict()["weights"] == {"a": 5.0}


def test_loading_an_earlier_checkpoint_takes_a_weight_back():
    manager = make_code_manager()
    early = manager.state_dict()
    set_weight(manager, "a", 5.0)
    manager.load_state_dict(early)
    assert manager.get_loss_weights() == {"a": 2.0}
    assert manager.state_dict()["weights"] == {}


def test_a_weight_that_does_not_fit_is_refused():
    manager = make_code_manager(b=None)
    set_weight(manager, "a", 5.0)
    set_weight(manager, "b", 3.0)
    state = manager.state_dict()
    other = make_code_manager(b=schedules.constant(value=9.0, unit="epoch"))
    message = "the checkpoint has a weight of `b` that was set by hand, but here it has a schedule"
    with pytest.raises(CheckpointError) as raised:
        other.load_state_dict(state)
    assert str(raised.value) == message
    assert other.get_loss_weights() == {"a": 2.0, "b": 9.0}
    with pytest.raises(CheckpointError, match="the loss `b`, whose weight the checkpoint has, is missing"):
        make_code_manager().load_state_dict(state)
    other.load_state_dict(state, ignore_digest=True)
    assert other.get_loss_weights() == {"a": 5.0, "b": 9.0}
    for weight in (float("nan"), "5"):
        with pytest.raises(
            CheckpointError, match="the weight of `a` in the checkpoint must be a finite number"
        ):
            other.load_state_dict({**state, "weights": {"a": weight}})


def make_timed(total=None):
    manager = make_code_manager(
        b=schedules.linear(start=0.0, end=1.0, start_value=0.0, end_value=1.0, unit="fraction")
    )
    if total is not None:
        manager.set_progress(total_steps=total)
    return manager


def saved_run(total_steps=100, step=50):
    manager = make_timed()
    manager.set_progress(step=step, total_steps=total_steps)
    return manager.state_dict()


OTHER_LENGTH = (
    r"`total_steps` is 200, but the checkpoint has 100: the run continues with 200, which moves schedules "
    r"that depend on the length of the run"
)


@pytest.mark.parametrize("first", ["set", "load"])
def test_the_length_that_the_caller_sets_wins_with_a_warning(first):
    manager, state = make_timed(), saved_run()

    def run():
        if first == "set":
            manager.set_progress(total_steps=200)
        manager.load_state_dict(state)
        manager.set_progress(total_steps=200)
        manager.load_state_dict(state)

    with pytest.warns(RuntimeWarning, match=OTHER_LENGTH) as caught:
        run()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert manager.get_loss_weights()["b"] == 0.25
    assert manager.state_dict()["total_steps"] == 200


def test_a_length_that_the_caller_has_not_set_is_loaded():
    manager = make_timed()
    manager.load_state_dict(saved_run())
    assert manager.get_loss_weights()["b"] == 0.5
    manager.set_progress(total_steps=100)
    assert manager.get_loss_weights()["b"] == 0.5


@pytest.mark.parametrize("first", ["set", "load"])
def test_a_length_in_epochs_is_not_overruled_by_saved_steps(first):
    manager = make_timed()
    if first == "set":
        manager.set_progress(total_epochs=10)
    manager.load_state_dict(saved_run())
    manager.set_progress(epoch=1, total_epochs=10)
    assert manager.get_loss_weights()["b"] == 0.1


@pytest.mark.parametrize(
    ("length", "move", "message"),
    [
        (
            {"total_steps": 2},
            lambda manager: manager.step(),
            r"step 3 is past the end of the run, `total_steps` = 2: schedules in fractions now get 1\.5",
        ),
        (
            {"total_epochs": 2.5},
            lambda manager: manager.set_progress(epoch=5),
            r"get 2, more than 1\. Call `manager\.set_progress\(total_epochs=\.\.\.\)` with the length of",
        ),
    ],
)
def test_a_run_that_is_longer_than_it_said_warns_once(length, move, message):
    manager = make_timed()
    manager.set_progress(**length)
    manager.step()
    manager.step()  # at the end: 1.0 is a fraction
    with pytest.warns(RuntimeWarning, match=message) as caught:
        move(manager)
    assert caught[0].filename == __file__
    move(manager)  # warnings are errors in tests


def test_the_end_of_a_run_without_fractions_is_not_watched():
    manager = make_code_manager()
    manager.set_progress(total_steps=1, step=5)
    manager.step()


def test_the_advice_of_the_end_helps():
    manager = make_timed(total=1)
    with pytest.warns(RuntimeWarning, match="past the end"):
        manager.set_progress(step=2)
    manager.set_progress(total_steps=4)
    assert manager.get_loss_weights()["b"] == 0.5


def test_the_batch_size_comes_back_unless_one_is_set():
    manager, other = make_code_manager(), make_code_manager()
    manager.set_progress(batch_size=3)
    state = through_a_file(manager.state_dict())
    assert state["batch_size"] == 3
    other.load_state_dict(state)
    assert other.state_dict()["batch_size"] == 3
    other.set_progress(batch_size=5)
    other.load_state_dict(state)
    assert other.state_dict()["batch_size"] == 5
