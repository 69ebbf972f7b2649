"""Interruptions of a log: a torn write, a missing file, an invalid value."""

import json
import math
import os
import shutil

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.errors import LogError, LossResultError
from lossspec.manager.record import recorders


@pytest.fixture
def manager(tmp_path):
    with LossManager(experiment_dir=tmp_path / "run", durable=True) as manager:
        manager.register_loss_fn("a", lambda x: x)
        yield manager


def record(manager, value, name="a"):
    manager.compute_loss(name, torch.tensor(value))


def values(folder, name="a"):
    return read_log(folder).losses[name].raw.tolist()


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_a_failed_or_interrupted_write_is_repeated_once(manager, monkeypatch, call, kind):
    record(manager, 1.0)
    manager.update_loss_log()
    real = getattr(os, call)

    def fail(*arguments):
        real(*arguments)
        raise kind(5, "Input/output error")

    record(manager, 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.warns(RuntimeWarning) if kind is OSError else pytest.raises(kind):
            manager.update_loss_log()
    assert values(manager.experiment_dir) == [1.0]
    record(manager, 3.0)
    manager.update_loss_log()
    assert values(manager.experiment_dir) == [1.0, 2.0, 3.0]


def test_a_run_goes_on_in_the_folder_that_was_renamed(manager):
    folder = manager.experiment_dir
    record(manager, 1.0)
    manager.update_loss_log()
    away = folder.rename(folder.with_name("away"))
    with LossManager(experiment_dir=folder) as second:  # takes the name
        second.register_loss_fn("a", lambda x: x)
        record(second, 10.0)
        second.update_loss_log()
        record(manager, 2.0)
        manager.update_loss_log()
        record(second, 20.0)
    record(manager, 3.0)
    manager.update_loss_log()
    assert (values(away), values(folder)) == ([1.0, 2.0, 3.0], [10.0, 20.0])


def test_the_log_of_another_run_is_left_alone(manager):
    folder = manager.experiment_dir
    record(manager, 1.0)
    manager.update_loss_log()
    shutil.rmtree(folder)
    with LossManager(experiment_dir=folder) as second:
        second.register_loss_fn("a", lambda x: x)
        record(second, 10.0)
    record(manager, 2.0)
    with pytest.warns(RuntimeWarning, match="another run has its log there now"):
        manager.update_loss_log()
    assert values(folder) == [10.0]
    shutil.rmtree(folder)
    folder.mkdir()
    record(manager, 3.0)
    manager.update_loss_log()
    assert values(folder) == [2.0, 3.0]


@pytest.mark.parametrize("content", ["a,b", '{"record":"other"', "notes\nof mine", "\0\0a"])
def test_a_file_of_another_program_is_never_changed(tmp_path, content):
    path = tmp_path / "mine.csv"
    path.write_text(content)
    (tmp_path / "loss_log.jsonl").symlink_to(path)
    with LossManager(experiment_dir=tmp_path) as manager:
        manager.register_loss_fn("a", lambda x: x)
        record(manager, 1.0)
        for write in (manager.export_base_log, manager.update_loss_log, manager.state_dict):
            with pytest.raises(LogError, match="is not a loss log of lossspec"):
                write()
        manager.get_registered_losses(strip=False)["a"].history.take()
    assert path.read_text() == content


def test_a_tail_that_could_not_be_cut_off_is_cut_off_later(manager, monkeypatch):
    record(manager, 1.0)
    manager.update_loss_log()
    write = os.write

    def torn(descriptor, data):
        write(descriptor, data[:20])
        raise OSError(28, "No space left on device")

    def fails(*_):
        raise OSError(5, "Input/output error")

    record(manager, 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", torn)
        patch.setattr(os, "ftruncate", fails)
        with pytest.warns(RuntimeWarning, match="No space left on device"):
            manager.update_loss_log()
    record(manager, 3.0)
    manager.update_loss_log()
    assert values(manager.experiment_dir) == [1.0, 2.0, 3.0]


def test_a_checkpoint_holds_what_a_full_disk_did_not_take(manager, monkeypatch, tmp_path):
    record(manager, 1.0)
    manager.update_loss_log()

    def full(*_):
        raise OSError(28, "No space left on device")

    record(manager, 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.warns(RuntimeWarning, match="No space left on device"):
            state = manager.state_dict()
    torch.save(state, tmp_path / "checkpoint.pt")
    record(manager, -1.0)
    manager.update_loss_log()  # what the resumed run computes again
    manager.close()
    with LossManager(experiment_dir=manager.experiment_dir) as resumed:
        resumed.register_loss_fn("a", lambda x: x)
        resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
        record(resumed, 3.0)
    assert values(manager.experiment_dir) == [1.0, 2.0, 3.0]


def test_an_alarm_of_the_user_is_not_taken_for_a_full_disk(manager, monkeypatch):
    def alarm(*_):
        raise TimeoutError("the job ends soon")

    record(manager, 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", alarm)
        with pytest.raises(TimeoutError, match="ends soon"):
            manager.update_loss_log()
    manager.update_loss_log()
    assert values(manager.experiment_dir) == [1.0]


def test_a_forked_child_leaves_the_log_to_its_parent(manager):
    folder = manager.experiment_dir
    record(manager, 1.0)
    child = os.fork()
    if child == 0:
        try:
            record(manager, -1.0)
            with pytest.warns(RuntimeWarning, match="is a fork of the one whose log"):
                manager.__exit__(None, None, None)
            manager.export_base_log()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    manager.update_loss_log()
    child = os.fork()
    if child == 0:
        try:
            manager.export_base_log()
            manager.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    record(manager, 2.0)
    manager.update_loss_log()
    assert values(folder) == [1.0, 2.0]
    assert [
        line["record"] for line in map(json.loads, (folder / "loss_log.jsonl").read_text().splitlines())
    ] == [
        "header",
        "chunk",
        "chunk",
    ]


def test_a_file_that_was_emptied_begins_anew(manager):
    record(manager, 1.0)
    manager.update_loss_log()
    os.truncate(manager.experiment_dir / "loss_log.jsonl", 0)
    record(manager, 2.0)
    manager.update_loss_log()
    record(manager, 3.0)
    manager.update_loss_log()
    assert values(manager.experiment_dir) == [2.0, 3.0]


def test_a_flush_after_close_adds_to_what_was_there(manager):
    record(manager, 1.0)
    manager.update_loss_log()
    manager.close()
    record(manager, 2.0)
    manager.update_loss_log()
    assert values(manager.experiment_dir) == [1.0, 2.0]


@pytest.mark.parametrize("torn", ["", '{"record":"hea'])
def test_the_base_log_takes_the_place_of_a_torn_header(tmp_path, torn):
    (tmp_path / "loss_log.jsonl").write_text(torn)
    with LossManager(experiment_dir=tmp_path) as manager:
        manager.register_loss_fn("a", lambda x: x)
        manager.export_base_log()
        record(manager, 1.0)
    assert values(tmp_path) == [1.0]


def test_a_failed_base_log_warns_as_any_other(manager):
    shutil.rmtree(manager.experiment_dir)
    with pytest.warns(RuntimeWarning, match="No such file or directory"):
        manager.export_base_log()


def test_a_weight_that_is_not_finite_is_written_as_such(tmp_path, make_manager):
    manager = make_manager(options={"experiment_dir": tmp_path}, a={"weight": 1e308, "every": (1, 1e3)})
    manager.objective()(x=torch.ones(2), y=torch.zeros(2))
    manager.step()
    manager.update_loss_log()
    assert read_log(tmp_path).losses["a"].term_weight.tolist() == [math.inf]
    _, chunk = (tmp_path / "loss_log.jsonl").read_text().splitlines()
    assert json.loads(chunk)["losses"]["a"]["term_weight"] == "Infinity"


def test_a_complex_value_is_named_and_no_other_is_lost(manager):
    manager.register_loss_fn("b", lambda x: x)
    record(manager, 1.0)
    record(manager, 1 + 2j, "b")
    with pytest.raises(LossResultError) as raised:
        manager.update_loss_log()
    assert str(raised.value) == ("cannot write `b` to the log: a loss must be a real number, got (1+2j)")
    losses = manager.get_registered_losses(strip=False)
    assert len(losses["a"].history) == 1
    losses["b"].history.flat.clear()


def test_a_complex_map_is_refused_where_it_is_made(manager):
    with pytest.raises(LossResultError) as raised:
        record(manager, [1j, 2j])
    assert str(raised.value) == ("`a` must return real numbers, got a complex64 tensor of shape (2,)")


def test_a_path_that_is_not_utf8_can_be_in_the_header(tmp_path):
    with LossManager(experiment_dir=tmp_path) as manager:
        manager.register_loss_fn("a", lambda x: x, tags=[os.fsdecode(b"caf\xe9")])
        record(manager, 1.0)
    assert read_log(tmp_path).header["losses"]["a"]["tags"] == [os.fsdecode(b"caf\xe9")]


@pytest.mark.parametrize("size", [1, 3])
def test_a_fetch_larger_than_the_buffer_is_written_whole(make_spec, tmp_path, monkeypatch, size):
    monkeypatch.setattr(recorders, "to_host", lambda values: [float(each) for each in range(len(values))])
    spec = make_spec(a={}, b={})
    options = {"device": "meta", "experiment_dir": tmp_path, "history_buffer_size": size}
    with LossManager.from_spec(spec, **options) as manager:
        tensors = {"x": torch.ones(2, device="meta"), "y": torch.zeros(2, device="meta")}
        for _ in range(5):
            manager.objective()(**tensors)
            manager.step()
    assert values(tmp_path) == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert values(tmp_path, "b") == [1.0, 3.0, 5.0, 7.0, 9.0]
    assert read_log(tmp_path).lost == {}
