"""The balancers of lossspec in an objective: what they weigh, when they move, what a checkpoint holds."""

from __future__ import annotations

import copy
import io
import warnings

import pytest
import tomli_w
import torch
from tests.manager.balancers import BALANCERS, INPUTS
from torch import nn
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

import lossspec
from lossspec import LossManager
from lossspec.log.rows import TERM_WEIGHT, WIDTH

every_balancer = pytest.mark.parametrize("kind", BALANCERS)


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a manager: three balanced terms, and one that is not."""

    def write(kind, options=None, **terms):
        path = tmp_path / "balanced.loss.toml"
        weights = {"a": 2.0, "b": 1.0, "c": 0.5, "d": 0.25} | terms
        table = {
            "format": 1,
            "losses": {
                name: {"type": "lossspec.Precomputed", "inputs": [name], "objective": "G"}
                | (weight if isinstance(weight, dict) else {"weight": weight})
                for name, weight in weights.items()
            },
            "objectives": {
                "G": {
                    "weight": 3.0,
                    "balance": {
                        "type": f"lossspec.{kind}",
                        "losses": ["c", "a", "b"],
                        "args": BALANCERS[kind],
                        "inputs": INPUTS.get(kind, []),
                    },
                }
            },
        }
        path.write_text(tomli_w.dumps(table))
        return LossManager.from_spec(path, **(options or {}))

    return write


class Model:
    """Four values of one layer, which fall at different rates."""

    def __init__(self):
        torch.manual_seed(0)
        self.layer = nn.Parameter(torch.rand(5, dtype=torch.float64) + 0.5)
        self.scales = {"a": 3.0, "b": 0.5, "c": 0.1, "d": 1.0}

    def __call__(self, step, names="abcd"):
        given = {
            name: self.scales[name] * (self.layer**power).sum() * (1 + 0.3 * ((step * power) % 3))
            for power, name in enumerate(self.scales, start=1)
            if name in names
        }
        return {**given, "layer": self.layer, "parameters": [self.layer]}


def call(objective, tensors, more=()):
    return objective(**{name: tensors[name] for name in {*objective.needed(), *more}})


def rows(manager):
    losses = manager.get_registered_losses(strip=False)
    return {
        name: (list(loss.training.raw), list(loss.training.flat[TERM_WEIGHT::WIDTH]))
        for name, loss in losses.items()
    }


@every_balancer
def test_the_total_is_the_weighted_sum_that_is_recorded(make, kind):
    manager, model = make(kind), Model()
    objective = manager.objective("G")
    for step in range(4):
        manager.set_progress(epoch=step, step=step)
        tensors = model(step)
        log_variances = [each.sum() for each in objective.parameters()]  # before they move
        total = call(objective, tensors)
        latest = {name: weights[-1] for name, (_, weights) in rows(manager).items()}
        expected = 3.0 * sum(latest[name] * tensors[name] for name in "abcd")
        if log_variances:
            expected = expected + 3.0 * log_variances[0] / 2
        torch.testing.assert_close(total, expected, rtol=1e-6, atol=0, check_dtype=False)
        (mine,) = torch.autograd.grad(total, model.layer, retain_graph=True)
        (theirs,) = torch.autograd.grad(expected, model.layer, retain_graph=True)
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=0)
        assert latest["d"] == 0.25
    if kind != "UncertaintyWeighting":
        assert len({weights[-1] / weights[0] for _, weights in rows(manager).values()}) > 1


def test_weights_are_those_of_the_balancer_times_the_schedules(make):
    manager = make(
        "SoftAdapt",
        a={
            "weight": {
                "type": "linear",
                "unit": "step",
                "start": 0,
                "end": 4,
                "start_value": 0.0,
                "end_value": 4.0,
            },
            "at_zero": "compute",
        },
    )
    objective, alone = manager.objective("G"), lossspec.losses.SoftAdapt(["c", "a", "b"])
    for step in range(5):
        manager.set_progress(step=step)
        tensors = Model()(step)
        call(objective, tensors)
        _, applied = alone({name: tensors[name] for name in "cab"}, {"a": float(step), "b": 1.0, "c": 0.5})
        for name in "abc":
            assert rows(manager)[name][1][-1] == pytest.approx(float(applied[name]), rel=1e-12)


def moved(objective, before):
    after = objective.balance.state_dict()
    return str(after) != str(before)


@every_balancer
def test_it_moves_once_in_each_recorded_training_call(make, kind):
    manager, model = make(kind), Model()
    objective = manager.objective("G")
    for step in range(3):
        manager.set_progress(epoch=step, step=step)
        call(objective, model(step))
    before = copy.deepcopy(objective.balance.state_dict())
    weights = [each[-1] for _, each in rows(manager).values()]
    with manager.validating():
        call(objective, model(3))
    with manager.unrecorded():
        total = call(objective, model(4))
        total.backward()  # such as a line search
    with torch.no_grad():
        call(objective, model(5))
    assert not moved(objective, before)
    copied = copy.deepcopy(objective)
    call(copied, model(6))
    assert not moved(copied, before)
    assert not moved(objective, before)
    losses = manager.get_registered_losses(strip=False)
    used = [each.validations["validation"].flat[TERM_WEIGHT::WIDTH][-1] for each in losses.values()]
    if kind == "GradNorm":  # a step uses the weights from before it
        with manager.unrecorded():
            weights = objective.balance.weights.tolist()
        assert used[:3] == [2.0 * weights[1], 1.0 * weights[2], 0.5 * weights[0]]
    else:
        assert used == weights
    manager.set_progress(epoch=7)
    call(objective, model(7))
    assert moved(objective, before) != (kind == "UncertaintyWeighting")


@pytest.mark.parametrize(
    "kind", [each for each in BALANCERS if each not in INPUTS]
)  # those differentiate within
def test_checkpointed_forwards_do_not_count_twice(make, kind):
    """In a backward, torch.utils.checkpoint runs the forward again."""
    manager, model, seen = make(kind), Model(), []
    objective = manager.objective("G")
    for step in range(2):
        call(objective, model(step))
    before = str(objective.balance.state_dict())

    def forward(layer):
        model.layer = layer
        total = call(objective, model(2))
        seen.append(str(objective.balance.state_dict()))
        return total

    with set_checkpoint_early_stop(False):
        checkpoint(forward, model.layer, use_reentrant=False).backward()
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert (seen[0] != before) != (kind == "UncertaintyWeighting")


class Training:
    """A run that a checkpoint holds whole."""

    def __init__(self, make, kind):
        self.manager, self.model = make(kind), Model()
        self.objective = self.manager.objective("G")
        self.optimizer = torch.optim.SGD([self.model.layer, *self.objective.parameters()], lr=1e-3)

    def run(self, steps):
        found = []
        for step in steps:
            self.manager.set_progress(epoch=step // 3)  # a checkpoint after 4 steps is within an epoch
            self.optimizer.zero_grad()
            total = call(self.objective, self.model(step))
            total.backward()
            self.optimizer.step()
            self.manager.step()
            found.append(total.item())
        return found

    def state(self):
        self.manager.update_loss_log()
        file = io.BytesIO()
        torch.save(
            (self.manager.state_dict(), self.model.layer.data, list(self.objective.parameters())), file
        )
        file.seek(0)
        return file

    def load(self, file):
        manager, layer, parameters = torch.load(file, weights_only=True)
        self.manager.load_state_dict(manager)
        self.model.layer.data.copy_(layer)
        assert [each.tolist() for each in self.objective.parameters()] == [
            each.tolist() for each in parameters
        ]


@every_balancer
def test_a_run_resumed_within_an_epoch_equals_the_whole_one(make, kind):
    whole = Training(make, kind).run(range(11))
    first, second = Training(make, kind), Training(make, kind)
    assert first.run(range(4)) == whole[:4]
    second.load(first.state())
    assert second.run(range(4, 11)) == whole[4:]


@every_balancer
def test_the_state_dict_of_the_objective_is_enough(make, kind):
    first, second = Training(make, kind), Training(make, kind)
    first.run(range(4))
    second.objective.load_state_dict(copy.deepcopy(first.objective.state_dict()))
    second.model.layer.data.copy_(first.model.layer.data)
    assert second.run(range(4, 9)) == first.run(range(4, 9))


@every_balancer
def test_a_term_that_comes_late_starts_with_the_weight_one(make, kind):
    window = {"weight": {"type": "window", "unit": "step", "start": 2, "value": 1.0}}
    manager, model = make(kind, b=window), Model()
    objective = manager.objective("G")
    for step in range(5):
        manager.set_progress(step=step)
        total = call(objective, model(step))
        assert total.isfinite()
        assert len(rows(manager)["b"][0]) == max(0, step - 1)
    first = {"UncertaintyWeighting": 0.5, "EMANormalization": 1 / rows(manager)["b"][0][0]}
    if kind in ("DynamicWeightAverage", "GradNorm", "UncertaintyWeighting", "EMANormalization"):
        assert rows(manager)["b"][1][0] == pytest.approx(first.get(kind, 1.0), rel=1e-6)


@every_balancer
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_in_other_types_are_weighed_alike(make, kind, dtype):
    manager, model = make(kind), Model()
    model.layer = nn.Parameter(model.layer.to(dtype))
    objective = manager.objective("G")
    for step in range(3):
        total = call(objective, model(step))
        total.backward()
        expected = 3 * sum(raw[-1] * weights[-1] for raw, weights in rows(manager).values())
        assert total.dtype == dtype
        if kind != "UncertaintyWeighting":
            assert total.item() == pytest.approx(expected, rel=0.02)


@every_balancer
def test_a_term_that_a_call_lacks_keeps_its_weight(make, kind):
    manager, model = make(kind, b={"if_missing": "skip"}), Model()
    objective = manager.objective("G")
    for step in range(3):
        call(objective, model(step), {"b"})
    before = copy.deepcopy(objective.balance.state_dict())
    call(objective, model(3))
    after = objective.balance.state_dict()
    place = 2  # of `b` in `losses`
    for name in before.keys() & {"weights", "last", "first", "averages"}:
        assert after[name][place] == before[name][place]
    assert len(rows(manager)["b"][0]) == 3
    assert len(rows(manager)["a"][0]) == 4


def test_an_optimiser_that_misses_the_parameters_is_reported(make):
    manager, model = make("UncertaintyWeighting"), Model()
    objective = manager.objective("G")
    optimizer = torch.optim.SGD([model.layer], lr=1e-3)

    def step():
        call(objective, model(0)).backward()
        optimizer.step()
        manager.step()

    step()
    expected = (
        "`log_variances` of the balance of `G` has not moved since the first call: give "
        r'`manager.objective\("G"\).parameters\(\)` to your optimiser'
    )
    with pytest.warns(RuntimeWarning, match=expected):
        manager.update_loss_log()
    step()
    manager.update_loss_log()  # once is enough


def test_a_flush_before_the_first_step_reports_nothing(make):
    manager, model = make("UncertaintyWeighting"), Model()
    objective = manager.objective("G")
    optimizer = torch.optim.SGD([model.layer, *objective.parameters()], lr=1e-3)
    call(objective, model(0)).backward()
    manager.update_loss_log()
    optimizer.step()
    manager.step()
    manager.update_loss_log()
    assert objective.balance.log_variances.abs().min() > 0


@every_balancer
def test_an_optimiser_that_has_them_is_not_reported(make, kind):
    training = Training(make, kind)
    assert [name for name, _ in training.objective.named_parameters()] == (
        ["balance.log_variances"] if kind == "UncertaintyWeighting" else []
    )
    training.run(range(2))
    training.manager.update_loss_log()


def test_log_variances_are_in_the_order_of_the_losses(make):
    training = Training(make, "UncertaintyWeighting")
    training.run([0])
    found = training.objective.balance.log_variances / -1e-3
    tensors = Model()(0)
    weights = {"c": 0.5, "a": 2.0, "b": 1.0}
    expected = [3 * (1 - weights[name] * tensors[name].item()) / 2 for name in "cab"]
    assert found.tolist() == pytest.approx(expected, rel=1e-3)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # Dynamo looks
@every_balancer
def test_compiling_breaks_the_graph_and_computes_the_same(make, kind):
    plain, compiled = Training(make, kind), Training(make, kind)
    compiled.objective = torch.compile(compiled.objective, backend="eager")
    assert compiled.run(range(5)) == plain.run(range(5))


@every_balancer
def test_a_step_costs_a_bounded_number_of_calls(make, kind, calls):
    """By count, so that a loop over terms or tensors would show."""
    training = Training(make, kind)
    training.run(range(4))
    tensors = training.model(4)
    assert calls(lambda: call(training.objective, tensors)) < 550


def test_no_warning_of_torch_reaches_the_user(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in BALANCERS:
            Training(make, kind).run(range(3))
