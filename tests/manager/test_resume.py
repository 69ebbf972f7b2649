import io
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lossspec import LossManager, read_log, register_loss, schedules
from lossspec.errors import CheckpointError
from lossspec.language.model import Every, Input, ObjectiveSpec, Spec, Term


@pytest.fixture(scope="module", autouse=True)
def _losses():
    @register_loss("test_resume.RunningMean")
    class RunningMean(nn.Module):
        """A loss with a state, a learned weight and a generator of its own."""

        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.zeros(()))
            self.scale = nn.Parameter(torch.ones(()))
            self.noise = torch.Generator().manual_seed(7)

        def forward(self, x, y):
            error = (x - y).abs().mean() + torch.rand((), generator=self.noise)
            self.mean += 0.1 * (error.detach() - self.mean)
            return self.scale * error / (1 + self.mean)


def make_spec(weight=3.0):
    xy = (Input(name="x"), Input(name="y"))
    ramp = schedules.linear(start=0, end=40, start_value=0.0, end_value=2.0, unit="step")
    losses = {
        "a": Term(name="a", type="torch.L1Loss", inputs=xy, weight=ramp),
        "b": Term(name="b", type="test_resume.RunningMean", inputs=xy, weight=weight),
        "c": Term(name="c", type="torch.MSELoss", inputs=xy, every=Every(steps=3, gain=3.0)),
    }
    return Spec(
        name="t", reference="t", losses=losses, objectives={"total": ObjectiveSpec(name="total", weight=0.5)}
    )


class Training:
    """A run that a checkpoint holds whole: model, optimiser, generator of the data, manager."""

    def __init__(self, folder):
        self.manager = LossManager.from_spec(make_spec(), experiment_dir=folder, history_buffer_size=7)
        self.objective = self.manager.objective()
        torch.manual_seed(0)
        self.model = nn.Linear(4, 4)
        self.optimizer = torch.optim.SGD([*self.model.parameters(), *self.objective.parameters()], lr=0.05)
        self.data = torch.Generator().manual_seed(1)
        self.step = 0

    def run_until(self, step, flush_every=5):
        while self.step < step:
            self.manager.set_progress(epoch=self.step // 10)
            x = torch.rand(8, 4, generator=self.data)
            tensors = {"x": self.model(x), "y": x.flip(1)}
            self.optimizer.zero_grad()
            self.objective(**tensors).backward()
            self.optimizer.step()
            self.manager.step()
            self.step += 1
            if self.step % flush_every == 0:
                self.manager.update_loss_log()

    def checkpoint(self):
        file = io.BytesIO()
        parts = {
            "manager": self.manager.state_dict(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "data": self.data.get_state(),
            "step": self.step,
        }
        torch.save(parts, file)
        return file.getvalue()

    def restore(self, data):
        parts = torch.load(io.BytesIO(data), weights_only=True)
        self.manager.load_state_dict(parts["manager"])
        self.model.load_state_dict(parts["model"])
        self.optimizer.load_state_dict(parts["optimizer"])
        self.data.set_state(parts["data"])
        self.step = parts["step"]

    def die(self):
        """Be killed: what was not flushed is gone, the lock is free."""
        self.manager._log.close()


def values(folder):
    log = read_log(folder)
    return {
        name: list(zip(c.raw, c.term_weight, c.objective_weight, c.weighted, c.epoch, c.step, strict=True))
        for name, c in log.losses.items()
    }


@pytest.mark.slow
@settings(max_examples=max(2, settings().max_examples // 4))  # of two trainings each
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 14), st.integers(0, 20), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_a_resumed_run_logs_as_an_uninterrupted_one(tmp_path_factory, crashes):
    whole, broken = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("broken")
    reference = Training(whole)
    reference.run_until(60)
    with reference.manager:
        pass

    training, saved = Training(broken), None
    step = 0
    for to_checkpoint, to_crash, torn, older in crashes:
        training.run_until(step + to_checkpoint)
        if not older or saved is None:
            saved = training.checkpoint()
            step = training.step
        training.run_until(training.step + to_crash)
        training.die()
        if torn:
            with (broken / "loss_log.jsonl").open("ab") as file:
                file.write(b'{"record":"chunk","chunk":99,"losses"'[:torn])
        training = Training(broken)
        training.restore(saved)
    training.run_until(60)
    with training.manager:
        pass
    assert values(broken) == values(whole)
    assert len(values(whole)["c"]) == 20


def test_a_checkpoint_in_another_folder_goes_on_there(tmp_path):
    first = Training(tmp_path / "one")
    first.run_until(10)
    saved = first.checkpoint()
    second = Training(tmp_path / "two")
    second.restore(saved)
    second.run_until(20)
    second.manager.update_loss_log()
    log = read_log(tmp_path / "two")
    assert log.losses["a"].step.tolist() == list(range(10, 20))


def test_the_state_is_the_clock_and_the_state_of_losses(tmp_path):
    training = Training(tmp_path)
    training.manager.set_progress(total_steps=100)
    training.run_until(12)
    state = training.manager.state_dict()
    assert set(state) == {
        "format",
        "digest",
        "epoch",
        "step",
        "total_epochs",
        "total_steps",
        "batch_size",
        "chunks",
        "waiting",
        "weights",
        "last_due",
        "losses",
        "generators",
    }
    assert (state["epoch"], state["step"], state["total_epochs"], state["total_steps"]) == (1, 12, None, 100)
    assert set(state["losses"]["b"]) == {"mean", "scale"}
    assert list(state["generators"]) == ["b.noise"]
    other = LossManager.from_spec(make_spec())
    other.load_state_dict(state)
    assert other.get_loss_weights() == training.manager.get_loss_weights()
    assert other.state_dict()["step"] == 12


def test_a_run_that_never_stepped_is_restored_as_such():
    manager = LossManager.from_spec(make_spec())
    other = LossManager.from_spec(make_spec())
    other.set_progress(step=3)
    other.load_state_dict(manager.state_dict())
    assert other.state_dict()["step"] is None
    assert other.get_loss_weights() == manager.get_loss_weights()
    other.step()
    assert other.state_dict()["step"] == 1


def test_a_checkpoint_of_another_spec_changes_nothing():
    manager = LossManager.from_spec(make_spec())
    manager.set_progress(epoch=9)
    other = LossManager.from_spec(make_spec(weight=4.0))
    other.set_progress(epoch=1)
    with pytest.raises(CheckpointError) as raised:
        other.load_state_dict(manager.state_dict())
    assert str(raised.value) == (
        f"the checkpoint is of another spec: expected digest {other.spec.digest}, got {manager.spec.digest}; "
        "pass `ignore_digest=True` to load it for the losses that both have"
    )
    assert other.state_dict()["epoch"] == 1
    other.load_state_dict(manager.state_dict(), ignore_digest=True)
    assert other.state_dict()["epoch"] == 9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s.clear(),
            "a checkpoint must be a `state_dict()` of a LossManager in format 1, got format None",
        ),
        (
            lambda s: s.update(format=2),
            "a checkpoint must be a `state_dict()` of a LossManager in format 1, got format 2",
        ),
        (
            lambda s: s["losses"].pop("b"),
            "the state of loss `b` is missing in the checkpoint",
        ),
        (
            lambda s: s["losses"].update(z={}),
            "the state of loss `z` is missing in this manager",
        ),
        (lambda s: s.pop("chunks"), "`chunks` is missing in the checkpoint"),
        (
            lambda s: s.update(chunks="1"),
            "`chunks` in the checkpoint must be a whole number of at least 0, got '1'",
        ),
        (
            lambda s: s.update(waiting={"losses": {"a": torch.zeros(4)}}),
            "`waiting` in the checkpoint must have rows of 7 64-bit floats, got others for `losses.a`",
        ),
        (
            lambda s: s.update(last_due={"c": 1.5}),
            "`last_due` of `c` in the checkpoint must be a whole number of at least 0, got 1.5",
        ),
        (lambda s: s.update(generators=None), "`generators` in the checkpoint must be a dict, got None"),
        (
            lambda s: s.update(epoch=None),
            "invalid clock in checkpoint: `epoch` must be a number of at least 0, got None",
        ),
        (
            lambda s: s.update(step=-1),
            "invalid clock in checkpoint: `step` must be a number of at least 0, got -1",
        ),
        (
            lambda s: s["generators"].update({"b.noise": torch.zeros(3, dtype=torch.uint8)}),
            "the state of generator `b.noise` has another shape",
        ),
        (lambda s: s["losses"]["b"].pop("mean"), "the state of loss `b` has other keys or shapes: mean"),
        (
            lambda s: s["losses"]["b"].update(mean=torch.zeros(3), extra=torch.zeros(1)),
            "the state of loss `b` has other keys or shapes: extra, mean",
        ),
    ],
)
def test_a_foreign_checkpoint_is_refused_and_changes_nothing(change, message):
    manager = LossManager.from_spec(make_spec())
    manager.set_progress(epoch=5)
    state = manager.state_dict()
    change(state)
    other = LossManager.from_spec(make_spec())
    before = other.state_dict()
    with pytest.raises(CheckpointError) as raised:
        other.load_state_dict(state)
    assert str(raised.value) == message
    after = other.state_dict()
    assert after["epoch"] == before["epoch"]
    assert after["losses"] == before["losses"]


def test_loading_a_checkpoint_supersedes_earlier_values(tmp_path):
    training = Training(tmp_path)
    training.run_until(10)
    saved = training.checkpoint()
    training.run_until(14)
    training.restore(saved)
    training.run_until(12)
    training.manager.update_loss_log()
    assert read_log(tmp_path).losses["b"].step.tolist() == list(range(12))


def plain_run(folder):
    manager = LossManager(experiment_dir=folder)
    manager.register_loss_fn("a", lambda x: x)
    return manager


def raws(folder):
    return read_log(folder).losses["a"].raw.tolist()


def record(manager, *numbers):
    for number in numbers:
        manager.compute_loss("a", torch.tensor(float(number)))
        manager.step()


def test_a_later_checkpoint_brings_back_what_was_left_aside(tmp_path):
    with plain_run(tmp_path) as manager:
        record(manager, *range(10))
        first = manager.state_dict()
        record(manager, *range(10, 20))
        second = manager.state_dict()
        manager.load_state_dict(first)
        record(manager, 100)
        manager.update_loss_log()
        assert raws(tmp_path) == [*range(10), 100]
        manager.load_state_dict(second)
        record(manager, 200)
    assert raws(tmp_path) == [*range(20), 200]


def test_a_checkpoint_before_the_first_new_value_keeps_the_log(tmp_path):
    with plain_run(tmp_path) as manager:
        record(manager, 0, 1)
        saved = manager.state_dict()
    with plain_run(tmp_path) as manager:
        fresh = manager.state_dict()  # of a new manager on an old folder
        manager.load_state_dict(saved)
        again = manager.state_dict()  # what a job saves that is stopped at once
    assert fresh["chunks"] == again["chunks"] == 1
    with plain_run(tmp_path) as manager:
        manager.load_state_dict(again)
        record(manager, 2)
    assert raws(tmp_path) == [0, 1, 2]


def test_an_interrupt_in_a_flush_loses_and_doubles_nothing(tmp_path):
    """Raise at each line that a flush runs in turn, as Ctrl-C does."""
    expected, lines_run = [], 0
    with plain_run(tmp_path) as manager:
        history = manager.get_registered_losses(strip=False)["a"].history
        for number in range(5000):
            if not len(history):
                record(manager, number)
                expected.append(number)
            left = lines_run = number

            def count(frame, event, _):
                nonlocal left
                if event == "line" and "lossspec" in frame.f_code.co_filename:
                    left -= 1
                    if left < 0:
                        sys.settrace(None)
                        raise KeyboardInterrupt
                return count

            sys.settrace(count)
            try:
                manager.update_loss_log()
            except KeyboardInterrupt:
                continue
            finally:
                sys.settrace(None)
            break
    assert lines_run > 100
    assert raws(tmp_path) == expected
