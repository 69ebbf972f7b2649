"""Warnings about a clock that nobody moves."""

import warnings

import pytest
import torch

from lossspec import LossManager, read_log, schedules

X, Y = torch.ones(2), torch.zeros(2)
FADE = schedules.linear(start=0, end=10, start_value=1.0, end_value=0.0, unit="epoch")
WARNING = r"^`fade` depends on the epoch, which was never set: call `manager.set_progress\(epoch=...\)` "


@pytest.fixture(params=[True, False], ids=["file", "memory"])
def manager(request, tmp_path):
    """A manager of a loss that counts epochs and one that counts nothing, with a folder or without."""
    manager = LossManager(experiment_dir=tmp_path if request.param else None)
    manager.register_loss_fn("fade", torch.nn.L1Loss(), schedule=FADE)
    manager.register_loss_fn("plain", torch.nn.L1Loss())
    return manager


def steps(manager, count, **options):
    for _ in range(count):
        for name in manager.get_registered_losses():
            manager.compute_loss_xy(name, X, Y, **options)
        manager.step()


def test_a_second_flush_without_an_epoch_warns_once(manager):
    steps(manager, 3)
    manager.update_loss_log()  # it may be within the first epoch
    steps(manager, 3)
    with pytest.warns(RuntimeWarning, match=WARNING) as caught:
        manager.update_loss_log()
    assert len(caught) == 1
    with manager:
        steps(manager, 3)
        manager.update_loss_log()


def test_a_run_that_is_never_flushed_warns_at_its_end(manager):
    with pytest.warns(RuntimeWarning, match=WARNING), manager:
        steps(manager, 2)


def test_a_manager_that_is_closed_warns_after_it_writes(tmp_path):
    manager = LossManager(experiment_dir=tmp_path)
    manager.register_loss_fn("fade", torch.nn.L1Loss(), schedule=FADE)
    steps(manager, 2)
    manager.update_loss_log()
    with pytest.warns(RuntimeWarning, match=WARNING):
        manager.close()
    assert len(read_log(tmp_path).losses["fade"]) == 2


def test_a_term_that_never_ran_is_named(make_manager):
    rise = schedules.linear(start=2, end=10, start_value=0.0, end_value=1.0, unit="epoch")
    manager = make_manager(a={}, late={"weight": rise})
    for _ in range(2):
        manager.objective()(x=X, y=Y)
        manager.step()
    with pytest.warns(RuntimeWarning, match="^`late` depends on the epoch, which was never set"), manager:
        pass


def test_all_losses_that_wait_are_named(make_manager):
    half = schedules.linear(start=0, end=1, start_value=1.0, end_value=2.0, unit="fraction")
    manager = make_manager(
        a={"weight": FADE}, b={"weight": half}, c={"type": "torch.HuberLoss", "args": {"delta": FADE}}, d={}
    )
    manager.set_progress(total_epochs=10)
    manager.objective()(x=X, y=Y)
    manager.update_loss_log()
    manager.objective()(x=X, y=Y)
    with pytest.warns(RuntimeWarning, match=r"^`a`, `b`, `c` depend on the epoch, which"):
        manager.update_loss_log()


@pytest.mark.parametrize("how", ["set_progress", "compute_loss", "load_state_dict"])
def test_an_epoch_that_was_set_be_it_to_0_is_enough(manager, how):
    if how == "set_progress":
        manager.set_progress(epoch=0)
    elif how == "load_state_dict":
        manager.load_state_dict(manager.state_dict())
    with manager:
        for _ in range(3):
            steps(manager, 2, **({"epoch": 0} if how == "compute_loss" else {}))
            manager.update_loss_log()


def test_a_first_epoch_that_an_error_ends_does_not_warn(manager):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        steps(manager, 2)
        with pytest.raises(RuntimeError, match="shape"), manager:
            torch.ones(2).reshape(3)
    assert caught == []


def test_losses_that_count_no_epochs_need_none():
    fraction = schedules.linear(start=0, end=1, start_value=1.0, end_value=2.0, unit="fraction")
    with LossManager() as manager:
        manager.register_loss_fn("plain", torch.nn.L1Loss())
        manager.register_loss_fn("steps", torch.nn.L1Loss(), schedule=fraction)
        manager.set_progress(total_steps=100)
        for _ in range(3):
            steps(manager, 2)
            manager.update_loss_log()


def test_a_single_value_does_not_warn():
    with LossManager() as manager:
        manager.register_loss_fn("fade", torch.nn.L1Loss(), schedule=FADE)
        manager.compute_loss_xy("fade", X, Y)
