"""Copies of objectives and managers compute and record nothing; so do forwards in `unrecorded()`."""

import copy
import io
import math
import pickle

import pytest
import torch
from torch import nn

from lossspec import LossManager, read_log, register_schedule
from lossspec.errors import LossSpecError


def by_pickle(value):
    return pickle.loads(pickle.dumps(value))


def by_torch_save(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


WAYS = pytest.mark.parametrize("do", [copy.copy, copy.deepcopy, by_pickle, by_torch_save])


class Model(nn.Module):
    """A module that holds an objective and its manager, as a LightningModule does."""

    def __init__(self, manager):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.objective = manager.objective("total")
        self.manager = manager

    def forward(self, x, y):
        return self.objective(x=self.layer(x), y=y)


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "t.loss.toml"
        path.write_text("format = 1\n" + text)
        return path

    return write


@pytest.fixture
def manager(write, tmp_path):
    path = write(
        """
        losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 3.0 }
        losses.b = { type = "torch.MSELoss", inputs = ["x", "y"], weight = { type = "linear", unit = "epoch",
          start = 0, end = 10, start_value = 0.0, end_value = 1.0 } }
        losses.c = { type = "torch.HuberLoss", inputs = ["x", "y"], every = { steps = 2, gain = 2.0 } }
        [objectives.total]
        weight = { type = "linear", unit = "step", start = 0, end = 4, start_value = 1.0, end_value = 2.0 }
        """
    )
    with LossManager.from_spec(path, experiment_dir=tmp_path / "run") as manager:
        manager.set_progress(epoch=5, step=2)
        yield manager


def rows(manager):
    return {name: len(loss.history) for name, loss in manager.get_registered_losses(strip=False).items()}


@WAYS
def test_a_copied_objective_keeps_its_weights(manager, xy, do):
    x, y = xy
    objective = manager.objective("total")
    manager.get_registered_losses(strip=False)["a"].loss_weight = 7.0
    copied = do(objective)
    expected = objective(x=x, y=y)
    assert torch.equal(copied(x=x, y=y), expected)
    assert rows(manager) == {"a": 1, "b": 1, "c": 1}
    manager.set_progress(epoch=9, step=7)
    manager.get_registered_losses(strip=False)["a"].loss_weight = 1.0
    assert torch.equal(copied(x=x, y=y), expected)
    assert not torch.equal(objective(x=x, y=y), expected)
    assert repr(copied).splitlines()[-1] == "  a copy, which records nothing"
    assert "copy" not in repr(objective)
    assert torch.equal(do(copied)(x=x, y=y), expected)  # a copy of a copy


@WAYS
def test_a_copied_manager_has_no_log_and_records_nothing(manager, xy, do, tmp_path):
    x, y = xy
    manager.objective("total")(x=x, y=y)
    copied = do(manager)
    assert copied.experiment_dir is None
    assert copied.get_loss_weights(precision=None) == manager.get_loss_weights(precision=None)
    assert all(map(math.isnan, copied.get_loss_values().values()))
    copied.set_progress(epoch=10, step=3)
    assert copied.get_loss_weights(precision=None) == {"a": 5.25, "b": 1.75, "c": 3.5}
    copied.compute_loss_xy("a", x, y)
    with copied.validating():
        copied.objective("total")(x=x, y=y)
    with copied.unrecorded():
        pass
    copied.objective("total")(x=x, y=y)
    assert rows(copied) == {"a": 0, "b": 0, "c": 0}
    with pytest.warns(RuntimeWarning, match="this manager is a copy, which records nothing"):
        copied.update_loss_log()
    copied.close()
    manager.objective("total")(x=x, y=y)  # its log is still open, and its clock has not moved
    assert rows(manager) == {"a": 2, "b": 2, "c": 2}
    manager.update_loss_log()
    assert list(read_log(tmp_path / "run").losses["b"].term_weight) == [0.5, 0.5]
    with pytest.raises(LossSpecError, match="is open in another LossManager"):
        LossManager(experiment_dir=tmp_path / "run")


@WAYS
def test_an_objective_copied_with_its_manager_belongs_to_it(manager, xy, do):
    if do is copy.copy:
        do = copy.deepcopy
    model = Model(manager)
    copied = do(model)
    assert copied.objective is copied.manager.objective("total")
    assert torch.equal(copied(*xy), model(*xy))
    copied.manager.set_progress(epoch=10)
    manager.set_progress(epoch=0)
    assert copied.manager.get_loss_weights() == {"a": 4.5, "b": 1.5, "c": 3.0}
    assert not torch.equal(copied(*xy), model(*xy))
    state = copied.manager.state_dict()
    manager.load_state_dict(state)
    assert manager.get_loss_weights() == {"a": 4.5, "b": 1.5, "c": 3.0}


def test_an_average_of_models_leaves_the_log_alone(manager, xy):
    model = Model(manager)
    averaged = torch.optim.swa_utils.AveragedModel(model)
    model(*xy)
    averaged(*xy)
    averaged.update_parameters(model)
    assert rows(manager) == {"a": 1, "b": 1, "c": 1}


def test_a_copy_keeps_functions_and_schedules_of_code():
    manager = LossManager()
    manager.register_loss_fn("a", nn.L1Loss(), schedule=lambda epoch: epoch)
    copied = copy.deepcopy(manager)
    copied.set_progress(epoch=4)
    assert (copied.get_loss_weights(), manager.get_loss_weights()) == ({"a": 4.0}, {"a": 0.0})
    copied.register_loss_fn("b", nn.L1Loss())
    assert copied.compute_loss_xy("b", torch.ones(2), torch.zeros(2)) == 1.0


def test_a_registered_schedule_can_be_pickled(write, xy):
    @register_schedule("test_copies.half")
    def half(t: float, of: float) -> float:
        return of / 2

    path = write(
        """
        losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = { type = "test_copies.half",
          unit = "epoch", of = 5.0 } }
        """
    )
    manager = LossManager.from_spec(path)
    copied = by_pickle(manager)
    assert copied.get_loss_weights() == {"a": 2.5}
    assert copied.spec == manager.spec


def test_a_compiled_copy_records_nothing(manager, xy, compiled):
    x, y = xy
    graph, _ = compiled(manager.objective("total"))
    graph(x=x, y=y)
    copied = copy.deepcopy(manager)
    graph_of_copy, _ = compiled(copied.objective("total"))
    assert torch.equal(graph_of_copy(x=x, y=y), graph(x=x, y=y))
    for _ in range(3):
        copied.step()
        graph_of_copy(x=x, y=y)
    assert all(map(math.isnan, copied.get_loss_values().values()))
    manager.get_loss_values()
    assert rows(manager) == {"a": 2, "b": 2, "c": 2}


@pytest.mark.parametrize("is_compiled", [False, True])
def test_forwards_in_unrecorded_are_not_recorded(manager, xy, compiled, is_compiled):
    x, y = xy
    objective = manager.objective("total")
    call = compiled(objective)[0] if is_compiled else objective
    expected = call(x=x, y=y)
    with manager.unrecorded():
        assert torch.equal(call(x=x, y=y), expected)
        with manager.unrecorded():
            manager.compute_loss_xy("a", x, y)
        with manager.validating():
            call(x=x, y=y)
        call(x=x, y=y)
    manager.get_loss_values()
    assert rows(manager) == {"a": 1, "b": 1, "c": 1}
    call(x=x, y=y)
    manager.get_loss_values()
    assert rows(manager) == {"a": 2, "b": 2, "c": 2}


def test_lbfgs_records_one_row_a_step(manager):
    x = nn.Parameter(torch.ones(3))
    objective = manager.objective("total")
    optimizer = torch.optim.LBFGS([x], lr=0.1, max_iter=5)
    calls = []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = objective(x=x, y=torch.zeros(3))
        loss.backward()
        return loss

    for _ in range(2):
        objective(x=x, y=torch.zeros(3))
        with manager.unrecorded():
            optimizer.step(closure)
    assert len(calls) > 4
    assert rows(manager)["a"] == 2


def test_recording_goes_on_after_an_error_in_unrecorded(manager, xy):
    with pytest.raises(ZeroDivisionError), manager.unrecorded():
        raise ZeroDivisionError
    manager.objective("total")(x=xy[0], y=xy[1])
    assert rows(manager)["a"] == 1
