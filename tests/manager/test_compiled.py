"""Objectives under torch.compile(fullgraph=True). Most cases trace with the eager backend, which is quick."""

import math

import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounter

from lossspec import LossManager, read_log, schedules
from lossspec.log.rows import EPOCH, WIDTH

pytestmark = [  # what torch's own compiler warns of
    pytest.mark.usefixtures("compiled"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),
]


RAMP = schedules.linear(start=0, end=200, start_value=1.0, end_value=3.0)


def test_two_hundred_weights_are_one_graph(compiled, make_manager, tmp_path):
    manager = make_manager(
        options={"experiment_dir": tmp_path},
        objectives={"total": 0.5},
        a={"weight": RAMP},
        b={"type": "torch.MSELoss", "weight": 10.0},
    )
    objective, counter = compiled(manager.objective())
    expected = []
    for epoch in range(200):
        manager.set_progress(epoch=epoch)
        x, y = torch.rand(3, requires_grad=True), torch.rand(3)
        by_hand = (RAMP(epoch) * nn.functional.l1_loss(x, y) + 10.0 * nn.functional.mse_loss(x, y)) * 0.5
        total = objective(x=x, y=y)
        assert torch.allclose(total, by_hand, rtol=1e-6)
        assert torch.allclose(torch.autograd.grad(total, x)[0], torch.autograd.grad(by_hand, x)[0], rtol=1e-6)
        expected.append((RAMP(epoch), epoch, nn.functional.l1_loss(x, y).item()))
        manager.step()
    assert counter.frame_count == 1
    manager.update_loss_log()
    log = read_log(tmp_path)
    found = log.losses["a"]
    assert found.term_weight.tolist() == [weight for weight, _, _ in expected]
    assert found.epoch.tolist() == [epoch for _, epoch, _ in expected]
    assert found.step.tolist() == list(range(200))
    assert found.raw.tolist() == pytest.approx([raw for _, _, raw in expected], rel=1e-6)
    assert log.losses["b"].term_weight.tolist() == [10.0] * 200
    assert log.losses["b"].objective_weight.tolist() == [0.5] * 200


def test_each_set_of_running_terms_is_one_more_graph_once(compiled, make_manager):
    window = schedules.window(value=2.0, start=3, end=6, unit="step")
    manager = make_manager(a={}, b={"inputs": ["x", "z"], "weight": window}, c={"every": (4, 4.0)})
    objective, counter = compiled(manager.objective())
    frames = []
    for step in range(12):
        tensors = {name: torch.full((2,), float(name == "x")) for name in manager.objective().needed()}
        expected = 1.0 + 2.0 * (3 <= step < 6) + 4.0 * (step % 4 == 0)
        assert objective(**tensors).item() == expected
        frames.append(counter.frame_count)
        manager.step()
    # step 0: a, c; step 1: a; step 3: a, b; step 4: a, b, c; nothing new after that
    assert frames == [1, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4]
    manager.get_loss_values()
    losses = manager.get_registered_losses(strip=False)
    assert {name: len(loss.history) for name, loss in losses.items()} == {"a": 12, "b": 3, "c": 3}


def test_eager_and_compiled_calls_can_alternate(compiled, make_manager):
    manager = make_manager(a={"weight": RAMP})
    plain = manager.objective()
    objective, _ = compiled(plain)
    for epoch in range(6):
        manager.set_progress(epoch=epoch)
        call = objective if epoch % 2 else plain
        assert call(x=torch.ones(2), y=torch.zeros(2)).item() == pytest.approx(RAMP(epoch))
        manager.get_loss_values()
    history = manager.get_registered_losses(strip=False)["a"].history
    assert history.rows[EPOCH::WIDTH].tolist() == [0, 1, 2, 3, 4, 5]


def test_rows_of_eager_and_compiled_calls_are_in_their_order(compiled, make_manager, tmp_path):
    manager = make_manager(options={"experiment_dir": tmp_path}, a={})
    eager = manager.objective()
    objective, _ = compiled(eager)
    y = torch.zeros(2)
    for value in range(0, 12, 3):
        objective(x=y + value, y=y)
        manager.step()
        eager(x=y + value + 1, y=y)
        eager(x=y + value + 2, y=y)
        if value == 6:
            assert manager.get_loss_values()["a"] == 8.0  # of the last call
        manager.step()
    manager.update_loss_log()
    found = read_log(tmp_path).losses["a"]
    assert found.raw.tolist() == [float(value) for value in range(12)]
    assert found.step.tolist() == [0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7]


def test_clock_moves_before_backward_change_no_gradient(make_manager):
    manager = make_manager(a={"weight": RAMP})
    objective = torch.compile(manager.objective(), backend="aot_eager", fullgraph=True)
    x = torch.ones(2, requires_grad=True)
    total = objective(x=x, y=torch.zeros(2))
    manager.set_progress(epoch=200)
    total.backward()
    assert x.grad.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_the_total_equals_the_hand_written_one(compiled, make_manager, dtype):
    manager = make_manager(objectives={"total": 0.3}, a={"weight": 0.1})
    objective, _ = compiled(manager.objective())
    x, y = torch.rand(8).to(dtype), torch.rand(8).to(dtype)
    total = objective(x=x, y=y)
    by_hand = 0.1 * nn.functional.l1_loss(x, y) * 0.3
    assert total.dtype == dtype
    assert torch.equal(total, by_hand)


def test_without_gradients_it_records_too(compiled, make_manager):
    manager = make_manager(a={"weight": RAMP})
    objective, _ = compiled(manager.objective())
    x, y = torch.ones(2, requires_grad=True), torch.zeros(2)
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode():
            assert objective(x=x, y=y).item() == 1.0
    manager.set_progress(epoch=200)
    assert objective(x=x, y=y).item() == 3.0
    manager.get_loss_values()
    assert manager.get_registered_losses(strip=False)["a"].history.weights.tolist() == [1.0, 1.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["x", "y", "z"], "unknown tensor `z` in the call of objective `total`: expected one of `x`, `y`"),
        (["x"], "objective `total` is missing tensor `y`, needed by `a`"),
    ],
)
def test_a_wrong_tensor_is_named_in_torchs_error(compiled, make_manager, given, message):
    objective, _ = compiled(make_manager(a={}).objective())
    with pytest.raises(Exception, match="tensor") as raised:
        objective(**dict.fromkeys(given, torch.ones(2)))
    assert message in str(raised.value)


def test_an_unnamed_tensor_is_explained_in_torchs_error(compiled, make_manager):
    objective, _ = compiled(make_manager(a={}).objective())
    with pytest.raises(Exception, match="tensor") as raised:
        objective(torch.ones(2), x=torch.ones(2), y=torch.ones(2))
    assert "got 1 by position: call `objective(x=..., y=...)`" in str(raised.value)


def test_an_unknown_weight_is_an_error(compiled, make_manager):
    window = schedules.window(value=1.0, end=0.5, unit="fraction")
    manager = make_manager(a={"weight": window})
    objective, _ = compiled(manager.objective())
    with pytest.raises(Exception, match="the weight of `a` is unknown"):
        objective(x=torch.ones(2), y=torch.zeros(2))


def test_an_unknown_weight_raises_when_the_loss_runs(
    compiled,
    make_manager,
):
    manager = make_manager(objectives={"G": lambda t: 1.0 if t < 2 else math.nan}, a={"objective": "G"}, b={})
    objective, _ = compiled(manager.objective("G"))
    tensors = {"x": torch.ones(2), "y": torch.zeros(2)}
    assert objective(**tensors).item() == 1.0
    manager.set_progress(epoch=2)
    with manager.validating(), pytest.raises(Exception, match="the weight of `a` is unknown"):
        objective(**tensors)
    with manager.validating():
        assert manager.objective()(**tensors).item() == 1.0
    manager.set_progress(epoch=1)
    assert objective(**tensors).item() == 1.0


def test_similar_objectives_share_a_graph_only(compiled, make_manager):
    # torch keeps one graph for all modules that look alike: the host hears of the first one only
    before = make_manager(a={"weight": RAMP})
    early = before.objective()
    objective, counter = compiled(make_manager(a={"weight": 7.0}).objective())
    tensors = {"x": torch.ones(2), "y": torch.zeros(2)}
    assert objective(**tensors).item() == 7.0
    found = {"early": (before, early)}
    for number in range(10):
        manager = make_manager(a={"weight": RAMP})
        found[number] = (manager, manager.objective())
    for manager, module in found.values():
        for epoch in (100, 200):
            manager.set_progress(epoch=epoch)
            assert torch.compile(module, backend=counter, fullgraph=True)(**tensors).item() == RAMP(epoch)
        assert manager.get_loss_values() == {"a": 3.0}
        history = manager.get_registered_losses(strip=False)["a"].history
        assert (history.raw.tolist(), history.weights.tolist()) == ([1.0, 1.0], [2.0, 3.0])
    assert counter.frame_count == 1


def test_a_tensor_of_a_similar_objective_is_unknown(compiled, make_manager):
    late = {"inputs": ["z", "y"], "weight": schedules.window(value=1.0, start=9)}
    tensors = {"x": torch.ones(2), "y": torch.zeros(2), "z": torch.ones(2)}
    compiled(make_manager(a={}, b=late).objective())[0](**tensors)
    late["inputs"] = ["y", "y"]
    twin, _ = compiled(make_manager(a={}, b=late).objective())
    with pytest.raises(Exception, match="unknown tensor `z` in the call of objective `total`"):
        twin(**tensors)


@pytest.mark.parametrize("at_zero", ["skip", "record"])
def test_a_total_of_no_terms_is_a_zero_with_a_graph(make_manager, at_zero):
    manager = make_manager(a={"weight": 0.0, "at_zero": at_zero})
    objective = torch.compile(manager.objective(), backend="aot_eager", fullgraph=True)
    tensors = {name: torch.ones(2) for name in manager.objective().needed()}
    for _ in range(2):
        total = objective(**tensors)
        assert total.item() == 0.0
        total.backward()


def test_too_many_sets_of_terms_warn_before_it_fails(compiled, make_manager):
    windows = {
        name: {"weight": schedules.window(value=1.0, start=start, end=start + 1, unit="step")}
        for start, name in enumerate("abcd")
    }
    manager = make_manager(**windows)
    objective, _ = compiled(manager.objective())
    tensors = {"x": torch.ones(2), "y": torch.zeros(2)}
    with torch._dynamo.config.patch(recompile_limit=2):
        objective(**tensors)
        manager.step()
        objective(**tensors)
        with pytest.warns(RuntimeWarning, match=r"`total` is compiled for 2 sets of running terms.*at_zero"):
            manager.step()


def test_recompiling_for_a_scheduled_argument_warns_first(compiled, make_manager):
    fade = schedules.linear(start=0, end=9, start_value=1.0, end_value=2.0, unit="step")
    manager = make_manager(a={"type": "torch.HuberLoss", "args": {"delta": fade}})
    objective, counter = compiled(manager.objective())
    tensors = {"x": torch.ones(2), "y": torch.zeros(2)}
    with torch._dynamo.config.patch(recompile_limit=2):
        objective(**tensors)
        manager.step()
        with pytest.warns(RuntimeWarning, match="compiled for 2 values of `delta` of `a`.*recompile_limit"):
            objective(**tensors)
    assert counter.frame_count == 2


def test_every_kind_of_input_fits_one_graph(compiled, make_manager):
    critic = nn.Linear(3, 1)
    manager = make_manager(
        lists={"inputs": ["xs", "ys"], "lists": [0.5, 2.0]},
        number={"type": "torch.BCEWithLogitsLoss", "inputs": ["p", 1.0]},
        detached={"inputs": ["p.detach", "q"]},
    )
    objective, counter = compiled(manager.objective())
    tensors = {
        "xs": [torch.ones(2), torch.ones(3)],
        "ys": [torch.zeros(2), torch.zeros(3)],
        "p": critic(torch.rand(2, 3)),
        "q": torch.rand(2, 1, requires_grad=True),
    }
    for _ in range(3):
        assert objective(**tensors).item() == pytest.approx(manager.objective()(**tensors).item(), rel=1e-6)
    assert counter.frame_count == 1


def test_a_smaller_last_batch_is_at_most_one_more_graph(compiled, make_manager):
    manager = make_manager(a={})
    objective, counter = compiled(manager.objective())
    for size in [8, 8, 5, 8, 3, 6]:
        assert objective(x=torch.ones(size, 2), y=torch.zeros(size, 2)).item() == 1.0
    assert counter.frame_count == 2


TENSORS = {
    "y_fake": (2, 3, 16, 16),
    "y": (2, 3, 16, 16),
    "pred_fake": (2, 1, 4, 4),
    "pred_real": (2, 1, 4, 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["G", "D"])
def test_pix2pix_extended_compiles_to_machine_code(objective):
    manager = LossManager.from_spec("pix2pix+extended")
    plain = manager.objective(objective)
    fast = torch.compile(plain, fullgraph=True)
    tensors = {name: torch.rand(TENSORS[name], requires_grad=name != "y") for name in sorted(plain.needed())}
    leaves = [tensor for tensor in tensors.values() if tensor.requires_grad]
    found, expected = fast(**tensors), plain(**tensors)
    assert torch.allclose(found, expected, rtol=1e-5)
    for gradient, wanted in zip(
        torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves), strict=True
    ):
        assert torch.allclose(gradient, wanted, rtol=1e-4, atol=1e-6)
    values = manager.get_loss_values([objective], precision=None)
    assert not any(math.isnan(value) for value in values.values())


def test_an_objective_within_a_compiled_step(make_manager):
    manager = make_manager(a={"weight": RAMP})
    objective, model = manager.objective(), nn.Linear(3, 3)
    counter = CompileCounter()

    @torch.compile(backend=counter, fullgraph=True)
    def step(x):
        return objective(x=model(x), y=x) + 0.0

    x = torch.rand(2, 3)
    for epoch in range(5):
        manager.set_progress(epoch=epoch)
        assert step(x).item() == pytest.approx(objective(x=model(x), y=x).item(), rel=1e-6)
    assert counter.frame_count == 1
