"""What a manager tells its writers, and when."""

import copy
import math
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from tests.writers.conftest import Kept

from lossspec import LossManager, read_log
from lossspec.errors import LossSpecError
from lossspec.log.points import series


def test_a_writer_gets_the_points_of_an_export(make, train, kept, tmp_path):
    manager = make(kept, experiment_dir=tmp_path / "run")
    train(manager, range(8))
    log = read_log(tmp_path / "run")
    expected = list(series(log))
    assert sorted(kept.points, key=str) == sorted(expected, key=str)
    assert kept.calls == [
        ("begin", manager.spec.digest, False),
        ("write", 3 * 2 + 3 * 2 + 2),  # l1, mse and the totals; l1 and the total in validation
        ("write", 3 * 4 + 2 + 3),  # and `late`, from step 4 on: steps 4 and 5, and in validation
        ("write", 2 * 5),
        ("close",),
    ]


def test_values_by_hand(make, train, kept):
    train(make(kept), range(6))
    found = kept.values()
    for step in range(6):
        assert found["raw/l1", step] == step + 1
        assert (found["weight/l1", step], found["weighted/l1", step]) == (5.0, 5.0 * (step + 1))
        late = 2.0 * (step + 1) ** 2 if step >= 4 else 0.0
        assert found["total/G", step] == 0.5 * (10.0 * (step + 1) + late)
        assert found["total/D", step] == (step + 1) ** 2
    assert found["unseen/raw/l1", 3] == 200.0
    assert ("raw/late", 3) not in found


def test_without_a_folder_writers_get_everything(make, train, kept):
    manager = make(kept, history_buffer_size=2)  # it flushes by itself
    train(manager, range(6))
    assert [each.point.raw for each in kept.points if (each.section, each.name) == ("training", "l1")] == [
        1.0,
        2.0,
        3.0,
        4.0,
        5.0,
        6.0,
    ]
    assert not list(manager.objective("G").parameters())


def test_no_writer_is_begun_without_values(make, kept):
    with make(kept) as manager:
        manager.update_loss_log()
    assert kept.calls == []


def test_switched_off_logging_switches_writers_off(make, train, kept):
    train(make(kept, enable_logging=False), range(6))
    assert kept.calls == []


def one_loss(writer, **options):
    manager = LossManager(writers=[writer], **options)
    manager.register_loss_fn("a", lambda x: x.mean())
    return manager


@pytest.mark.parametrize("axis", ["step", "epoch", "call"])
def test_the_axis_is_the_step_else_the_epoch_else_the_call(axis):
    kept = Kept()
    manager = one_loss(kept)
    for number in range(4):
        if axis != "call":
            manager.set_progress(epoch=10 * number)
        manager.compute_loss("a", torch.tensor([float(number)]))
        if axis == "step":
            manager.step()
        if number % 2:
            manager.update_loss_log()
    factor = 10 if axis == "epoch" else 1
    assert [(each.point.position, each.point.raw) for each in kept.points] == [
        (factor * number, float(number)) for number in range(4)
    ]


def test_a_position_that_is_flushed_in_parts_is_written_again():
    """Its last point is the mean over all samples there, as in an export."""
    kept = Kept()
    manager = one_loss(kept)
    manager.set_progress(epoch=2)
    for values in ([1.0], [2.0, 3.0], [6.0]):
        manager.compute_loss("a", torch.tensor(values))
        manager.update_loss_log()
    manager.set_progress(epoch=3)
    manager.compute_loss("a", torch.tensor([9.0]))
    manager.update_loss_log()
    assert [(each.point.position, each.point.raw, each.point.batch_size) for each in kept.points] == [
        (2.0, 1.0, 1),
        (2.0, (1.0 + 2 * 2.5) / 3, 3),
        (2.0, (1.0 + 2 * 2.5 + 6.0) / 4, 4),
        (3.0, 9.0, 1),
    ]


def test_whole_positions_are_means_of_fractional_epochs():
    class Whole(Kept):
        whole = True

    whole, kept = Whole(), Kept()
    manager = LossManager(writers=[whole, kept])
    manager.register_loss_fn("a", lambda x: x)
    for epoch in (0, 0.5, 1.25, 1.75):
        manager.set_progress(epoch=epoch)
        manager.compute_loss("a", torch.tensor(8.0 * epoch))
        manager.update_loss_log()
    assert {each.point.position: each.point.raw for each in whole.points} == {0: 2.0, 1: 12.0}
    assert [each.point.position for each in kept.points] == [0, 0.5, 1.25, 1.75]


def test_nan_and_inf_reach_the_writers():
    kept = Kept()
    manager = one_loss(kept)
    for value in (math.nan, math.inf):
        manager.compute_loss("a", torch.tensor([value]))
        manager.step()
    manager.update_loss_log()
    assert math.isnan(kept.points[0].point.raw)
    assert kept.points[1].point.raw == math.inf


class Failing(Kept):
    def __init__(self, method, error, times=99):
        super().__init__()
        self.method, self.error, self.times = method, error, times

    def _maybe(self, method):
        if method == self.method and self.times:
            self.times -= 1
            raise self.error

    def begin(self, run, *, resumes):
        self._maybe("begin")
        return super().begin(run, resumes=resumes)

    def write(self, points):
        self._maybe("write")
        super().write(points)

    def close(self):
        self._maybe("close")
        super().close()


ERRORS = [ConnectionError("gone"), ValueError("bad"), LossSpecError("no run")]


@pytest.mark.parametrize("method", ["begin", "write", "close"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_failing_writer_warns_once_and_stops_nothing(make, train, tmp_path, method, error):
    kept, failing = Kept(), Failing(method, error)
    manager = make(failing, kept, experiment_dir=tmp_path / "run")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(manager, range(9))
    assert len(caught) == 1
    text = str(caught[0].message)
    assert text.startswith(f"Failing failed: {type(error).__name__}: {error}. Training goes on")
    assert "`lossspec log export`" in text
    assert Path(caught[0].filename).name == "conftest.py"  # where `train` calls the manager
    assert len(read_log(tmp_path / "run").losses["l1"]) == 9
    assert [step for (tag, step) in kept.values() if tag == "raw/l1"] == list(range(9))


def test_a_writer_that_recovers_gets_what_follows(make, train):
    failing = Failing("begin", ConnectionError("gone"), times=1)
    with pytest.warns(RuntimeWarning, match="Failing failed: ConnectionError: gone"):
        train(make(failing), range(9))
    assert [step for (tag, step) in failing.values() if tag == "raw/l1"] == list(range(3, 9))


def test_an_interrupt_is_not_swallowed(make, train):
    with pytest.raises(KeyboardInterrupt):
        train(make(Failing("write", KeyboardInterrupt())), range(9))


def test_copies_and_pickles_have_no_writers(make, train, kept):
    manager = make(kept)
    train(manager, range(2), ends=False)
    for other in (copy.deepcopy(manager), copy.copy(manager), pickle.loads(pickle.dumps(manager))):
        with pytest.warns(RuntimeWarning, match="a copy, which records nothing"):
            train(other, range(6))
    assert kept.calls == []
    manager.close()
    assert [call[0] for call in kept.calls] == ["begin", "write", "close"]


def test_a_resumed_run_skips_what_the_tracker_has(make, train, kept, tmp_path):
    """The first process wrote up to step 8 and died; its checkpoint was of step 3."""
    first = make(experiment_dir=tmp_path / "run")
    train(first, range(3), ends=False)
    state = first.state_dict()
    first.close()
    tracker = Kept(there={"training": 8, "unseen": 9})
    again = make(tracker, experiment_dir=tmp_path / "run")
    again.load_state_dict(state)
    train(again, range(3, 12))
    assert tracker.calls[0] == ("begin", again.spec.digest, True)
    assert {step for (tag, step) in tracker.values() if tag == "raw/l1"} == {9, 10, 11}
    assert {step for (tag, step) in tracker.values() if tag.startswith("unseen/")} == {12}


def test_a_resumed_run_without_a_clock_still_writes():
    """All its positions are 0: nothing tells what the tracker has."""
    state = one_loss(Kept()).state_dict()
    tracker = Kept(there={"training": 500})
    manager = one_loss(tracker)
    manager.load_state_dict(state)
    for value in (1.0, 3.0):
        manager.compute_loss("a", torch.tensor([value]))
    manager.update_loss_log()
    assert [each.point.raw for each in tracker.points] == [2.0]


def test_going_back_in_one_process_writes_nothing_twice(make, train, kept):
    manager = make(kept)
    train(manager, range(3), ends=False)
    state = manager.state_dict()
    train(manager, range(3, 6), ends=False)
    manager.load_state_dict(state)
    train(manager, range(3, 9))
    written = [(tag, each.point.position) for each in kept.points for tag in each.values()]
    assert len(written) == len(set(written))
    assert {step for tag, step in written if tag == "raw/l1"} == set(range(9))


@pytest.mark.parametrize("wrong", [object(), "runs/1", Kept, None])
def test_what_is_no_writer_is_refused(wrong):
    with pytest.raises(
        LossSpecError, match=r"`writers` must hold writers, such as `lossspec.writers.Tens.*, got "
    ):
        LossManager(writers=[wrong])


def test_one_writer_must_be_in_a_list(kept):
    with pytest.raises(LossSpecError, match="`writers` must be a list of writers, got "):
        LossManager(writers=kept)


def test_the_text_of_a_flush_names_the_writers(make, kept):
    manager = make(kept)
    manager.objective("D")(x=torch.ones(2), y=torch.zeros(2))
    assert manager.update_loss_log(silent=False, capture=True).startswith(
        "1 values written to the writers in"
    )
