"""No step makes the host wait for a device. The meta device runs everything but the reading."""

import copy
import math
import threading

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lossspec import LossManager, read_log, schedules
from lossspec.manager.record import device, recorders


class HostReads(TorchDispatchMode):
    """Counts what would make the host wait."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        to_cpu = function is torch.ops.aten._to_copy.default and str(kwargs.get("device")) == "cpu"
        if function is torch.ops.aten._local_scalar_dense.default or (to_cpu and not args[0].is_cpu):
            self.found.append(str(function))
        return function(*args, **kwargs)


@pytest.fixture
def fetched(monkeypatch):
    """Stand in for the one read: remember its sizes; the values are 1, 2, 3, ..."""
    sizes = []

    def to_host(values):
        sizes.append(values.numel())
        return [float(value) for value in range(1, values.numel() + 1)]

    monkeypatch.setattr(recorders, "to_host", to_host)
    return sizes


def test_the_mode_sees_reads():
    with HostReads() as reads:
        torch.ones(1).item()
        bool(torch.ones(1) > 0)
        with pytest.raises(NotImplementedError):
            torch.ones(1, device="meta").cpu()
    assert len(reads.found) == 3


@pytest.fixture
def tensors():
    return {
        "y_fake": torch.empty(2, 3, 16, 16, device="meta", requires_grad=True),
        "y": torch.empty(2, 3, 16, 16, device="meta"),
        "pred_fake": torch.empty(2, 1, 4, 4, device="meta", requires_grad=True),
    }


@pytest.mark.parametrize("options", [{}, {"enable_logging": False}])
def test_a_step_reads_nothing_and_a_flush_once(tmp_path, fetched, tensors, options):
    ramp = {"type": "linear", "unit": "step", "start": 0, "end": 30, "start_value": 0.0, "end_value": 1.0}
    manager = LossManager.from_spec(
        "pix2pix+extended",
        overlay={"losses": {"G_GAN": {"weight": ramp}}},
        device="meta",
        experiment_dir=tmp_path,
        **options,
    )
    manager.register_loss_fn("map", torch.nn.L1Loss(reduction="none"))
    objective = manager.objective("G")
    with HostReads() as reads:
        for step in range(40):
            manager.set_progress(epoch=step // 10)
            objective(**tensors).backward()
            manager.compute_loss_xy("G_L1", tensors["y_fake"], tensors["y"]).backward()
            manager.compute_loss_xy("map", tensors["y_fake"], tensors["y"]).mean().backward()
            manager.step()
    assert reads.found == []
    assert fetched == []
    manager.update_loss_log()
    values = 40 * (5 + 1 + 1) - 1  # G_GAN is skipped while its weight is 0
    assert fetched == [values]
    if options:
        return
    log = read_log(tmp_path)
    assert {name: len(columns) for name, columns in log.losses.items()} == {
        "G_GAN": 39,
        "G_L1": 80,
        "G_L2": 40,
        "G_SOBEL": 40,
        "G_LAP": 40,
        "map": 40,
    }
    assert log.losses["G_GAN"].term_weight.tolist() == pytest.approx(
        [min(1, step / 30) for step in range(1, 40)]
    )
    assert log.losses["G_GAN"].step.tolist() == list(range(1, 40))
    assert log.losses["map"].epoch.tolist() == [step // 10 for step in range(40)]
    # the order of the buffer is the order of the calls: four terms and two losses in step 0
    firsts = {name: columns.raw[0] for name, columns in log.losses.items()}
    assert firsts == {"G_L1": 1.0, "G_L2": 2.0, "G_SOBEL": 3.0, "G_LAP": 4.0, "map": 6.0, "G_GAN": 7.0}


@pytest.mark.parametrize("ask", ["get_loss_values", "get_loss_tensors", "print_losses"])
def test_who_asks_reads_once_for_all_losses(fetched, tensors, ask):
    manager = LossManager.from_spec("pix2pix+extended", device="meta")
    manager.objective("G")(**tensors)
    arguments = {"epoch": 0, "iter": 0, "capture": True} if ask == "print_losses" else {}
    getattr(manager, ask)(**arguments)
    getattr(manager, ask)(**arguments)
    assert fetched == [5]
    assert manager.get_loss_weights()["G_L1"] == 100.0


def test_the_device_buffer_is_emptied_before_it_overflows(fetched, monkeypatch):
    monkeypatch.setattr(device, "SLOTS", 10)
    manager = LossManager(device="meta", history_buffer_size=1000)
    manager.register_loss_fn("a", lambda x: x)
    for _ in range(35):
        manager.compute_loss("a", torch.empty((), device="meta"))
    assert max(fetched) <= 10
    assert sum(fetched) >= 20
    manager.get_loss_values()
    assert sum(fetched) == 35
    assert len(manager.get_registered_losses(strip=False)["a"].history) == 35


def test_another_thread_asks_and_the_next_step_answers(fetched):
    manager = LossManager(device="meta")
    manager.register_loss_fn("a", lambda x: x)
    manager.compute_loss("a", torch.empty((), device="meta"))
    seen = []
    reader = threading.Thread(target=lambda: seen.append(manager.get_loss_values()))
    reader.start()
    reader.join()
    assert math.isnan(seen[0]["a"])
    assert fetched == []
    manager.step()
    assert fetched == [1]
    reader = threading.Thread(target=lambda: seen.append(manager.get_loss_values()))
    reader.start()
    reader.join()
    assert seen[1] == {"a": 1.0}


def test_the_training_thread_need_not_have_made_the_manager(fetched, tensors):
    manager = LossManager.from_spec("pix2pix+extended", device="meta")
    found = []

    def train():
        manager.objective("G")(**tensors)
        found.append(manager.get_loss_values(["G"]))

    trainer = threading.Thread(target=train)
    trainer.start()
    trainer.join()
    assert len(fetched) == 1
    assert not any(math.isnan(value) for value in found[0].values())


def test_on_the_cpu_values_are_read_at_once(xy):
    import weakref

    manager = LossManager()
    results = []
    manager.register_loss_fn(
        "a", lambda x, y: results.append(weakref.ref(found := (x - y).abs().mean())) or found
    )
    manager.compute_loss_xy("a", *xy)
    loss = manager.get_registered_losses(strip=False)["a"]
    assert list(loss.history.raw) == [(xy[0] - xy[1]).abs().mean().item()]
    assert results[0]() is None


def test_live_arguments_and_validation_on_a_device(fetched, tmp_path):
    manager = LossManager(device="meta", experiment_dir=tmp_path)
    manager.register_loss_fn("a", lambda x: x, schedule=schedules.window(value=2.0, end=1))
    x = torch.empty((), device="meta")
    manager.compute_loss("a", x)
    with manager.validating():
        manager.compute_loss("a", x)
    manager.compute_loss("a", x)
    manager.update_loss_log()
    log = read_log(tmp_path)
    assert (log.losses["a"].raw.tolist(), log.validation["a"].raw.tolist()) == ([1.0, 3.0], [2.0])
    assert fetched == [3]


def test_nothing_is_kept_on_a_device_without_recording(fetched, tensors):
    manager = LossManager.from_spec("pix2pix", device="meta")
    copied = copy.deepcopy(manager)
    with HostReads() as reads, manager.unrecorded():
        for each in (manager, copied):
            each.objective("G")(**tensors)
            each.compute_loss_xy("G_L1", tensors["y_fake"], tensors["y"])
    assert reads.found == []
    copied.get_loss_values()
    manager.get_loss_values()
    assert fetched == []
    manager.objective("G")(**tensors)
    manager.get_loss_values()
    assert fetched == [2]


@pytest.mark.parametrize("others", [{}, {"a": {"inputs": ["x", "y"]}}])
def test_an_idle_term_on_a_device_has_the_weight_0(make_manager, fetched, others):
    lazy = {"inputs": ["x", "y"], "every": (4, 4.0), "at_zero": "compute"}
    manager = make_manager(options={"device": "meta"}, lazy=lazy, **others)
    x = torch.empty(3, device="meta", requires_grad=True)
    with HostReads() as reads:
        for _ in range(2):
            manager.objective("total")(x=x, y=torch.empty(3, device="meta")).backward()
            manager.step()
    assert reads.found == []
    manager.get_loss_values()
    history = manager.get_registered_losses(strip=False)["lazy"].history
    weights = list(history.weights)
    assert weights == [4.0, 0.0]
    assert fetched == [4 if others else 2]  # the raw values: the host knows a weight of 0
