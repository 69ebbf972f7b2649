"""What a compiled objective keeps on its device: the ring buffer of rows, and the weights."""

import pytest
import torch
from torch import nn

from lossspec import read_log, schedules

pytestmark = [  # what torch's own compiler warns of
    pytest.mark.usefixtures("compiled"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),
]

RAMP = schedules.linear(start=0, end=200, start_value=1.0, end_value=3.0)


def test_validation_rows_stay_apart(compiled, make_manager):
    manager = make_manager(a={})
    objective, counter = compiled(manager.objective())
    x, y = torch.ones(2), torch.zeros(2)
    objective(x=x, y=y)
    with manager.validating():
        objective(x=5 * x, y=y)
    objective(x=3 * x, y=y)
    manager.get_loss_values()
    loss = manager.get_registered_losses(strip=False)["a"]
    assert (loss.training.raw.tolist(), loss.validations["validation"].raw.tolist()) == ([1.0, 3.0], [5.0])
    assert counter.frame_count == 1


def test_rows_have_the_time_at_which_the_clock_moved(compiled, make_manager, tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("lossspec.manager.record.compiled.time", lambda: now[0])
    manager = make_manager(options={"experiment_dir": tmp_path}, a={})
    objective, _ = compiled(manager.objective())
    for _ in range(3):
        objective(x=torch.ones(2), y=torch.zeros(2))
        now[0] += 10
        manager.step()
    manager.update_loss_log()
    assert read_log(tmp_path).losses["a"].time.tolist() == [1000.0, 1010.0, 1020.0]


def test_casting_keeps_weights_and_checkpoints_hold_no_rows(compiled, make_manager):
    manager = make_manager(a={"weight": 0.1}, b={"type": "torch.MSELoss"})
    plain = manager.objective()
    objective, _ = compiled(plain)
    x, y = torch.rand(4), torch.rand(4)
    objective(x=x, y=y)
    plain.to(torch.bfloat16)
    assert plain.state_dict() == {}
    assert torch.equal(objective(x=x, y=y), 0.1 * nn.functional.l1_loss(x, y) + nn.functional.mse_loss(x, y))
    manager.get_loss_values()
    history = manager.get_registered_losses(strip=False)["a"].history
    assert history.rows[0] == nn.functional.l1_loss(x, y).item()


def test_its_tensors_follow_the_module_and_keep_their_types(make_manager):
    for manager in (make_manager(a={}), make_manager(options={"device": "meta"}, a={})):
        objective = manager.objective().to("meta").half()
        ring = objective._ring
        assert {each.device.type for each in (ring.rows, ring.index, ring.state)} == {"meta"}
        assert [each.dtype for each in (ring.rows, ring.index, ring.state)] == [
            torch.float32,
            torch.int64,
            torch.float64,
        ]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_default_type_changes_no_record(compiled, make_manager, dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        manager = make_manager(a={"weight": 0.1})
        objective, _ = compiled(manager.objective())
        objective(x=torch.full((2,), 1.2345678, dtype=torch.float32), y=torch.zeros(2, dtype=torch.float32))
        manager.get_loss_values()
    finally:
        torch.set_default_dtype(before)
    history = manager.get_registered_losses(strip=False)["a"].history
    assert history.raw.tolist() == [pytest.approx(1.2345678, rel=1e-7)]


@pytest.mark.parametrize("emptied", [False, True])
def test_it_can_be_made_on_the_meta_device(compiled, make_manager, emptied):
    with torch.device("meta"):
        manager = make_manager(a={"weight": RAMP})
        plain = manager.objective()
        objective, _ = compiled(plain)
    if emptied:
        plain.to_empty(device="cpu")
    for epoch in (0, 100):
        with torch.device("meta"):  # whatever the default device is when the weights move
            manager.set_progress(epoch=epoch)
        assert objective(x=torch.ones(2), y=torch.zeros(2)).item() == RAMP(epoch)
    assert manager.get_loss_values() == {"a": 2.0}


def test_an_overflowing_ring_buffer_counts_lost_rows(compiled, make_manager, tmp_path, monkeypatch):
    from lossspec.manager.record import compiled as record_compiled

    monkeypatch.setattr(record_compiled, "CAPACITY", 16)
    manager = make_manager(options={"experiment_dir": tmp_path}, a={})
    objective, _ = compiled(manager.objective())
    for value in range(40):
        objective(x=torch.full((2,), float(value)), y=torch.zeros(2))
    with pytest.warns(RuntimeWarning, match=r"24 values of each loss of `total` were overwritten"):
        manager.update_loss_log()
    log = read_log(tmp_path)
    assert log.losses["a"].raw.tolist() == [float(value) for value in range(24, 40)]
    assert log.lost == {"a": 24}


def test_a_ring_is_emptied_in_time_whatever_a_step_makes(compiled, make_manager, monkeypatch):
    from lossspec.manager.record import compiled as record_compiled
    from lossspec.manager.record import recorders

    monkeypatch.setattr(record_compiled, "CAPACITY", 64)
    monkeypatch.setattr(recorders, "CAPACITY", 64)
    manager = make_manager(a={})
    manager._recorders._steps_between = 4
    objective, _ = compiled(manager.objective())
    for _ in range(50):
        for _ in range(7):
            objective(x=torch.ones(2), y=torch.zeros(2))
        manager.step()
    manager.get_loss_values()
    history = manager.get_registered_losses(strip=False)["a"].history
    assert (len(history), history.lost) == (350, 0)


@pytest.mark.slow
def test_a_ring_is_emptied_in_a_loop_without_steps(compiled, make_manager):
    manager = make_manager(a={})
    objective, _ = compiled(manager.objective())
    x, y = torch.ones(2), torch.zeros(2)
    for call in range(5000):
        manager.set_progress(epoch=call / 5000)
        objective(x=x, y=y)
    manager.get_loss_values()
    assert len(manager.get_registered_losses(strip=False)["a"].history) == 5000
