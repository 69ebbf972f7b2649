"""What messages of the clock, the log and checkpoints tell to do is done here, and helps."""

import warnings

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.errors import CheckpointError, ClockError, LogError, RegistrationError

X, Y = torch.ones(2), torch.zeros(2)


def spec(folder, weight="1", more="", name="a"):
    path = folder / f"{name}.loss.toml"
    path.write_text(
        f'format = 1\nlosses.a = {{ type = "torch.L1Loss", inputs = ["x", "y"], weight = {weight}{more} }}\n'
    )
    return path


def plain(folder=None, **options):
    manager = LossManager(experiment_dir=folder, **options)
    manager.register_loss_fn("a", torch.nn.L1Loss())
    return manager


def record(manager, *values):
    for value in values:
        manager.compute_loss("a", torch.full((1,), float(value)), torch.zeros(1))
        manager.step()


def raws(folder):
    return read_log(folder).losses["a"].raw.tolist()


@pytest.mark.parametrize("total", ["total_steps", "total_epochs"])
def test_a_fraction_needs_the_length_of_the_run(tmp_path, total):
    ramp = '{ type = "linear", unit = "fraction", start = 0, end = 1, start_value = 0, end_value = 2 }'
    manager = LossManager.from_spec(spec(tmp_path, ramp))
    with pytest.raises(ClockError, match=rf"call `manager.set_progress\(.*{total}=\.\.\.\)`"):
        manager.objective()(x=X, y=Y)
    manager.set_progress(**{total: 10})
    manager.set_progress(step=5, epoch=5)
    assert manager.objective()(x=X, y=Y).item() == 1.0


def test_a_schedule_of_steps_needs_them_counted(tmp_path):
    ramp = '{ type = "linear", unit = "step", start = 0, end = 2, start_value = 1, end_value = 2 }'
    with LossManager.from_spec(spec(tmp_path, ramp), experiment_dir=tmp_path / "run") as manager:
        for _ in range(2):
            manager.objective()(x=X, y=Y)
        with pytest.raises(ClockError, match=r"call `manager.step\(\)` after each optimiser step"):
            manager.update_loss_log()
        manager.step()
        manager.objective()(x=X, y=Y)
        manager.update_loss_log()
    assert read_log(tmp_path / "run").losses["a"].term_weight.tolist() == [1.0, 1.0, 1.5]


def test_a_schedule_of_epochs_needs_them_set(tmp_path):
    ramp = '{ type = "linear", unit = "epoch", start = 0, end = 2, start_value = 1, end_value = 2 }'
    with LossManager.from_spec(spec(tmp_path, ramp), experiment_dir=tmp_path / "run") as manager:
        manager.objective()(x=X, y=Y)
        manager.update_loss_log()
        manager.objective()(x=X, y=Y)
        with pytest.warns(RuntimeWarning, match=r"`manager.set_progress\(epoch=\.\.\.\)` in each"):
            manager.update_loss_log()
        manager.set_progress(epoch=1)
        manager.objective()(x=X, y=Y)
        manager.update_loss_log()
    assert read_log(tmp_path / "run").losses["a"].term_weight.tolist() == [1.0, 1.0, 1.5]


@pytest.mark.parametrize("way", ["its own folder", "close", "take over"])
def test_each_way_to_a_folder_that_is_open(tmp_path, way):
    first = plain(tmp_path / "run")
    with pytest.raises(LogError) as raised:
        plain(tmp_path / "run")
    message = str(raised.value)
    assert "give each run its own folder, or `close()` the other one" in message
    assert "pass `take_over=True`" in message
    if way == "close":
        first.close()
    folder = tmp_path / ("other" if way == "its own folder" else "run")
    with plain(folder, take_over=way == "take over") as manager:
        record(manager, 1)
    assert raws(folder) == [1.0]


@pytest.mark.parametrize("way", ["its own folder", "the checkpoint"])
def test_each_way_to_values_that_are_superseded(tmp_path, way):
    with plain(tmp_path / "run") as manager:
        record(manager, 1, 2)
        saved = manager.state_dict()
    with pytest.warns(RuntimeWarning) as caught, plain(tmp_path / "run") as manager:
        record(manager, 9)
    assert "give each run its own folder, or load the checkpoint of the previous run" in str(
        caught[0].message
    )
    folder = tmp_path / ("other" if way == "its own folder" else "run")
    with warnings.catch_warnings(), plain(folder) as manager:
        warnings.simplefilter("error")
        if way == "the checkpoint":
            manager.load_state_dict(saved)
        record(manager, 3)
    assert raws(folder) == ([3.0] if way == "its own folder" else [1.0, 2.0, 3.0])


def test_the_log_and_the_checkpoint_of_another_spec(tmp_path):
    with LossManager.from_spec(spec(tmp_path), experiment_dir=tmp_path / "run") as manager:
        manager.objective()(x=X, y=Y)
        manager.set_progress(epoch=3)
        saved = manager.state_dict()
    other = spec(tmp_path, "2", name="b")
    with pytest.raises(LogError, match="give each run its own folder"):
        LossManager.from_spec(other, experiment_dir=tmp_path / "run")
    with LossManager.from_spec(other, experiment_dir=tmp_path / "own") as manager:
        with pytest.raises(CheckpointError, match="pass `ignore_digest=True`"):
            manager.load_state_dict(saved)
        manager.load_state_dict(saved, ignore_digest=True)
        assert manager.state_dict()["epoch"] == 3


@pytest.mark.parametrize("call", [LossManager.export_base_log, lambda m: m.probe_every(1)])
def test_a_log_needs_a_folder(tmp_path, call):
    path = spec(tmp_path)
    with pytest.raises(LogError, match=r"make it with `experiment_dir=\.\.\.`"):
        call(LossManager.from_spec(path))
    with LossManager.from_spec(path, experiment_dir=tmp_path / "run") as manager:
        call(manager)


def test_losses_that_are_registered_already(tmp_path):
    path = spec(tmp_path)
    manager = plain()
    with pytest.raises(RegistrationError, match=r"load the spec before .* or make a new manager"):
        manager.init_from_spec(path)
    with pytest.raises(RegistrationError, match="use another name"):
        manager.register_loss_fn("a", torch.nn.L1Loss())
    manager.register_loss_fn("b", torch.nn.L1Loss())
    fresh = LossManager()
    fresh.init_from_spec(path)
    fresh.register_loss_fn("b", torch.nn.L1Loss())
    assert set(fresh.get_registered_losses()) == {"a", "b"}
