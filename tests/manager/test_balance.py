"""The balancer of an objective: its inputs, and the use of its results."""

from __future__ import annotations

import pytest
import torch

import lossspec
from lossspec import LossManager
from lossspec.errors import LossInputError, LossResultError, UnknownNameError
from lossspec.losses.balancing.balancer import Balancer
from lossspec.manager.clock.clock import Clock
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.record.device import DeviceRecorder
from lossspec.registry.lookup import registered

SPEC = """
format = 1
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 3, objective = "G" }
losses.c = { type = "torch.L1Loss", inputs = ["x", "z"], weight = 0.5, objective = "G" }
losses.d = { type = "torch.L1Loss", inputs = ["x", "z"], weight = 0, at_zero = "record", objective = "G" }
losses.e = { type = "torch.L1Loss", inputs = ["x", "z"], objective = "D" }
[losses.b]
type = "torch.MSELoss"
inputs = ["x", "y"]
weight = { type = "window", unit = "step", start = 1, value = 4 }
objective = "G"
[objectives.G]
weight = 10.0
[objectives.G.balance]
type = "bench.Recording"
losses = ["b", "a", "d"]
inputs = { second = { name = "w", detach = true }, first = "x" }
args.factor = 2.0
"""


class Recording(Balancer):
    """Adds up the losses times a factor that grows by one a call, and keeps what it was given."""

    def __init__(self, losses, factor: float = 1.0):
        super().__init__(losses)
        self.factor = factor
        self.given = []
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, values, weights, first, second):
        self.given.append((values, weights, first, second))
        factor = self.factor + self.calls.item()
        self.calls += 1
        applied = {name: torch.tensor(factor * weights[name]) for name in values}
        return sum(applied[name] * value for name, value in values.items()), applied


@pytest.fixture(autouse=True)
def _registered():
    lossspec.register_balancer("bench.Recording")(Recording)
    yield
    registered.pop("bench.Recording")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "balanced.loss.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def manager(path):
    with LossManager.from_spec(path) as manager:
        manager.set_progress(step=1)
        yield manager


@pytest.fixture
def tensors():
    torch.manual_seed(0)
    return {name: torch.randn(3, requires_grad=True) for name in "xyzw"}


def raws(x, y, z, **_):
    return {"a": (x - y).abs().mean(), "b": ((x - y) ** 2).mean(), "c": (x - z).abs().mean()}


def test_total_is_contribution_plus_weighted_terms(manager, tensors):
    total = manager.objective("G")(**tensors)
    raw = raws(**tensors)
    expected = 10 * (2 * (3 * raw["a"] + 4 * raw["b"]) + 0.5 * raw["c"])
    torch.testing.assert_close(total, expected)
    for mine, theirs in zip(
        torch.autograd.grad(total, [*tensors.values()], allow_unused=True),
        torch.autograd.grad(expected, [*tensors.values()], allow_unused=True),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


def test_the_balancer_gets_running_terms_in_spec_order(manager, tensors):
    objective = manager.objective("G")
    objective(**tensors)
    values, weights, first, second = objective.balance.given[0]
    assert list(values) == ["a", "b"]  # not d, which is only recorded
    assert weights == {"a": 3.0, "b": 4.0}
    assert first is tensors["x"]
    assert torch.equal(second, tensors["w"])
    assert not second.requires_grad


def test_a_skipped_loss_is_not_among_them(manager, tensors):
    manager.set_progress(step=0)
    manager.objective("G")(**tensors)
    assert list(manager.objective("G").balance.given[0][0]) == ["a"]


def test_the_weights_that_it_applied_are_recorded(manager, tensors):
    objective = manager.objective("G")
    objective(**tensors)
    objective(**tensors)
    losses = manager.get_registered_losses(strip=False)
    assert list(losses["a"].history.weights) == [10 * 2 * 3, 10 * 3 * 3]
    assert list(losses["b"].history.weights) == [10 * 2 * 4, 10 * 3 * 4]
    assert list(losses["c"].history.weights) == [5.0, 5.0]
    assert list(losses["d"].history.weights) == [0.0, 0.0]
    assert losses["a"].last_value == pytest.approx(90 * raws(**tensors)["a"].item())


def test_on_a_device_the_weights_wait_beside_the_values(make_spec):
    """One stack a call, no read: the values come back with one fetch."""
    losses = [LMLoss(name, torch.nn.L1Loss(), 2.0) for name in ("a", "b", "c")]
    recorder = DeviceRecorder(torch.device("cpu"), Clock(), lambda: None)
    for factor in (1.0, 2.0):
        results = [(loss, torch.tensor(factor * index)) for index, loss in enumerate(losses)]
        recorder.record(results, balanced={"a": torch.tensor(5.0 * factor), "c": 7.0 * factor})
    recorder.settle(recorder.waiting().tolist())
    assert [list(loss.history.raw) for loss in losses] == [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    assert [list(loss.history.weights) for loss in losses] == [[5.0, 10.0], [2.0, 2.0], [7.0, 14.0]]


def test_its_tensors_are_needed_while_one_of_its_losses_runs(manager, tensors, path):
    objective = manager.objective("G")
    assert objective.needed() == {"x", "y", "z", "w"}
    del tensors["w"]
    with pytest.raises(LossInputError, match="is missing tensor `w`, needed by `balance`"):
        objective(**tensors)
    without = LossManager.from_spec(path, overlay={"losses": {"a": {"weight": 0}, "d": {"at_zero": "skip"}}})
    assert without.objective("G").needed() == {"x", "z"}
    torch.testing.assert_close(
        without.objective("G")(**{k: tensors[k] for k in "xz"}), 5 * raws(**tensors)["c"]
    )


def test_its_state_is_the_managers_and_the_objectives(manager, tensors, path):
    objective = manager.objective("G")
    objective(**tensors)
    assert objective.state_dict()["balance.calls"] == 1
    other = LossManager.from_spec(path)  # whose objective nobody has asked for yet
    other.load_state_dict(manager.state_dict())
    assert other.objective("G").balance.calls == 1


def test_it_lives_on_the_managers_device(path):
    assert LossManager.from_spec(path, device="meta").objective("G").balance.calls.is_meta


def test_an_objective_without_one_is_as_ever(manager, tensors):
    assert not hasattr(manager.objective("D"), "balance")
    torch.testing.assert_close(manager.objective("D")(x=tensors["x"], z=tensors["z"]), raws(**tensors)["c"])


@pytest.mark.parametrize(
    "returned",
    [
        None,
        torch.ones(()),
        (torch.ones(2), {"a": 1.0, "b": 1.0}),
        (torch.ones(()), {"a": 1.0}),
    ],
    ids=["None", "only the total", "no scalar", "a weight too few"],
)
def test_a_balancer_returns_a_scalar_and_a_weight_per_loss(manager, tensors, returned):
    objective = manager.objective("G")
    objective.balance.forward = lambda *_, **__: returned
    message = "the balance of `G` must return a scalar and a weight for each of `a`, `b`"
    with pytest.raises(LossResultError, match=message):
        objective(**tensors)


def test_an_error_within_it_names_the_objective(manager, tensors):
    objective = manager.objective("G")
    objective.balance.forward = lambda *_, **__: {}["x"]
    with pytest.raises(KeyError) as raised:
        objective(**tensors)
    assert raised.value.__notes__ == ["in the balance of the objective `G`, with `x`, `w`"]


def test_positional_tensors_are_refused(manager, tensors):
    with pytest.raises(LossInputError, match="got 1 by position: call `objective"):
        manager.objective("G")(tensors["x"], **tensors)


def test_a_tensor_that_is_none_is_named(manager, tensors):
    with pytest.raises((AttributeError, TypeError)) as raised:
        manager.objective("G")(**tensors | {"y": None})
    assert raised.value.__notes__ == [
        "in the term `a` of the objective `G`, with a float32 tensor of shape (3,) as `x`, None as `y`"
    ]


def test_an_error_within_a_term_names_it(manager, tensors):
    tensors["x"] = torch.randn(3, 5)
    with pytest.raises(RuntimeError) as raised, pytest.warns(UserWarning, match="target size"):
        manager.objective("G")(**tensors)
    (note,) = raised.value.__notes__
    assert note.startswith(
        "in the term `a` of the objective `G`, with a float32 tensor of shape (3, 5) as `x`, "
    )


def test_a_list_cannot_be_an_input_of_a_balance(manager, tensors):
    with pytest.raises(LossInputError, match="balance of `G` expects a tensor as `w`, got a list of 1"):
        manager.objective("G")(**{**tensors, "w": [tensors["w"]]})


def test_an_unknown_balancer_suggests_the_nearest(path):
    spec = lossspec.load(path)
    registered.pop("bench.Recording")
    with pytest.raises(UnknownNameError, match=r"unknown balancer `bench.Recording` in the balance of `G`"):
        LossManager.from_spec(spec)
    lossspec.register_balancer("bench.Recording")(Recording)


def test_a_compiled_graph_breaks_where_it_is(manager, tensors):
    compiled = torch.compile(manager.objective("G"), backend="eager", fullgraph=True)
    with pytest.raises(torch._dynamo.exc.Unsupported):
        compiled(**tensors)
