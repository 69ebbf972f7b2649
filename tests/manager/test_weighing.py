"""One stack and one dot product weigh, sum and record: as exact as a sum by hand, with fewer kernels."""

import math

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from lossspec import schedules
from lossspec.errors import LossInputError, LossResultError

LOSSES = {
    "L1Loss": nn.functional.l1_loss,
    "MSELoss": nn.functional.mse_loss,
    "SmoothL1Loss": nn.functional.smooth_l1_loss,
    "HuberLoss": nn.functional.huber_loss,
    "SoftMarginLoss": nn.functional.soft_margin_loss,
}
WEIGHTS = [0.1, 100.0 / 3.0, -0.7, 1.0, 1e-3]
TERMS = {
    name: {"type": f"torch.{name}", "weight": weight} for name, weight in zip(LOSSES, WEIGHTS, strict=True)
}


def by_hand(x, y, weights=WEIGHTS):
    total = None
    for weight, function in zip(weights, LOSSES.values(), strict=True):
        part = weight * function(x, y)
        total = part if total is None else total + part
    return total


def draw(*shape, dtype=torch.float32, device="cpu"):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(shape, generator=generator, dtype=dtype).to(device) for _ in range(2))
    return x.requires_grad_(), y


def history_of(manager, name):
    return manager.get_registered_losses(strip=False)[name].history


def same_gradients(found, expected, x):
    ours, theirs = (torch.autograd.grad(each, x, retain_graph=True)[0] for each in (found, expected))
    return torch.equal(ours, theirs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", range(1, 6))
def test_gradients_are_those_by_hand_to_the_last_bit(make_manager, dtype, count):
    objective = make_manager(**dict(list(TERMS.items())[:count])).objective()
    x, y = draw(4, 3, 5, dtype=dtype)
    parts = [weight * f(x, y) for weight, f in zip(WEIGHTS, LOSSES.values(), strict=True)][:count]
    found, expected = objective(x=x, y=y), sum(parts[1:], parts[0])
    assert found.dtype is expected.dtype
    assert same_gradients(found, expected, x)
    bound = count * torch.finfo(dtype).eps * sum(abs(part.item()) for part in parts)
    assert abs(found.item() - expected.item()) <= bound


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_short_types_are_weighed_as_by_hand(make_manager, dtype):
    objective = make_manager(**TERMS).objective()
    x, y = draw(8, dtype=dtype)
    found, expected = objective(x=x, y=y), by_hand(x, y)
    assert found.dtype is expected.dtype
    assert torch.equal(found, expected)
    assert same_gradients(found, expected, x)


def test_terms_of_several_types_are_summed_as_by_hand(make_manager):
    terms = {"a": {"inputs": ["x", "y"], "weight": 0.1}, "b": {"inputs": ["u", "v"], "weight": 0.3}}
    objective = make_manager(**terms).objective()
    (x, y), (u, v) = draw(4), draw(4, dtype=torch.float64)
    found = objective(x=x, y=y, u=u, v=v)
    expected = 0.1 * nn.functional.l1_loss(x, y) + 0.3 * nn.functional.l1_loss(u, v)
    assert found.dtype is expected.dtype is torch.float64
    assert same_gradients(found, expected, x)
    assert same_gradients(found, expected, u)


def test_a_graph_keeps_the_weights_that_it_was_made_with(make_manager):
    weight = schedules.linear(unit="step", start=0, end=10, start_value=1.0, end_value=11.0)
    manager = make_manager(a={"weight": weight}, b={"type": "torch.MSELoss"})
    objective = manager.objective()
    x, y = draw(4)
    totals, expected = [], []
    for step in range(3):  # every step moves the weight, with the graphs of the steps before alive
        totals.append(objective(x=x, y=y))
        expected.append((1.0 + step) * nn.functional.l1_loss(x, y) + nn.functional.mse_loss(x, y))
        manager.step()
    assert all(same_gradients(found, wanted, x) for found, wanted in zip(totals, expected, strict=True))


def test_a_weight_that_is_set_counts_from_the_next_call(make_manager):
    manager = make_manager(**TERMS)
    objective = manager.objective()
    x, y = draw(4)
    before = objective(x=x, y=y)
    manager.get_registered_losses(strip=False)["L1Loss"].loss_weight = 7.0
    after = objective(x=x, y=y)
    assert same_gradients(before, by_hand(x, y), x)
    assert same_gradients(after, by_hand(x, y, [7.0, *WEIGHTS[1:]]), x)
    assert history_of(manager, "L1Loss").weights.tolist() == pytest.approx([0.1, 7.0])


def test_double_backward(make_manager):
    objective = make_manager(**TERMS).objective()
    x, y = draw(6, dtype=torch.float64)
    second = []
    for total in (objective(x=x, y=y), by_hand(x, y)):
        (first,) = torch.autograd.grad(total, x, create_graph=True)
        second.append(torch.autograd.grad(first.square().sum(), x)[0])
    assert torch.equal(*second)


def test_autocast_leaves_weighing_as_by_hand(make_manager):
    objective = make_manager(**TERMS).objective()
    x, y = draw(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        product = x @ x
        found, expected = objective(x=product, y=y), by_hand(product, y)
    assert found.dtype is expected.dtype
    assert same_gradients(found, expected, x)


def test_a_call_without_gradient_does_not_spoil_the_next_one(make_manager):
    objective = make_manager(**TERMS).objective()
    x, y = draw(4)
    with torch.inference_mode():
        objective(x=x, y=y)
    with torch.no_grad():
        assert not objective(x=x, y=y).requires_grad
    assert same_gradients(objective(x=x, y=y), by_hand(x, y), x)


def test_a_checkpointed_call_is_recorded_once(make_manager):
    manager = make_manager(**TERMS)
    objective = manager.objective()
    x, y = draw(4)
    checkpoint(lambda x: objective(x=x, y=y), x, use_reentrant=False).backward()
    assert len(history_of(manager, "L1Loss")) == 1
    assert torch.equal(x.grad, torch.autograd.grad(by_hand(x, y), x)[0])


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # by torch.func.jvp itself
def test_torch_func_takes_its_gradient(make_manager):
    objective = make_manager(**TERMS).objective()
    x, y = (each.detach() for each in draw(4))
    found = torch.func.grad(lambda x: objective(x=x, y=y))(x)
    assert torch.equal(found, torch.func.grad(lambda x: by_hand(x, y))(x))
    _, tangent = torch.func.jvp(lambda x: objective(x=x, y=y), (x,), (torch.ones(4),))
    _, expected = torch.func.jvp(lambda x: by_hand(x, y), (x,), (torch.ones(4),))
    torch.testing.assert_close(tangent, expected, check_dtype=False)  # a float times a tangent is a double


def test_the_recorded_values_are_the_raw_ones(make_manager):
    manager = make_manager(objectives={"total": 0.5}, **TERMS)
    x, y = draw(4)
    total = manager.objective()(x=x, y=y)
    for name, function in LOSSES.items():
        history = history_of(manager, name)
        assert history.raw.tolist() == [function(x, y).item()]
        assert history.weights.tolist() == pytest.approx([0.5 * TERMS[name]["weight"]])
    assert total.item() == pytest.approx(0.5 * by_hand(x, y).item())


def test_a_term_at_zero_is_recorded_beside_the_stack(make_manager):
    terms = {**TERMS, "L1Loss": {"type": "torch.L1Loss", "weight": 0.0, "at_zero": "record"}}
    manager = make_manager(**terms)
    x, y = draw(4)
    found = manager.objective()(x=x, y=y)
    assert history_of(manager, "L1Loss").raw.tolist() == [nn.functional.l1_loss(x, y).item()]
    rest = zip(WEIGHTS[1:], list(LOSSES.values())[1:], strict=True)
    assert same_gradients(found, sum(weight * function(x, y) for weight, function in rest), x)


def test_nan_reaches_the_total(make_manager):
    objective = make_manager(**TERMS).objective()
    x, y = draw(4)
    assert math.isnan(objective(x=x * math.nan, y=y).item())


@pytest.mark.parametrize(
    ("tensors", "error", "message"),
    [
        ({"x": [torch.ones(2)], "y": torch.ones(2)}, LossInputError, "list"),
        ({"x": torch.ones(2, 3), "y": torch.ones(2, 3)}, LossResultError, "scalar"),
    ],
)
def test_an_error_names_the_term(make_manager, tensors, error, message):
    from lossspec import register_loss

    @register_loss("test_weighing.Map")
    def elements(x, y):
        return (x - y).abs() if isinstance(x, torch.Tensor) else x

    terms = {"fine": {"inputs": ["u", "v"]}, "map": {"type": "test_weighing.Map"}}
    objective = make_manager(**terms).objective()
    with pytest.raises(error, match=message) as raised:
        objective(u=torch.ones(2), v=torch.ones(2), **tensors)
    assert "`map`" in str(raised.value) + "".join(raised.value.__notes__)


class Operations(TorchDispatchMode):
    """Counts what is dispatched, and what would make the host wait."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


def count(run):
    with Operations() as operations:
        result = run()
    return result, operations.names


@pytest.mark.parametrize("terms", [2, 5])
def test_a_device_gets_four_operations_more(make_manager, terms):
    """The losses' own operations, and those of the backward of a scalar, are counted alone first."""
    chosen = dict(list(TERMS.items())[:terms])
    objective = make_manager(**chosen).objective()
    x, y = draw(4, device="meta")
    objective(x=x, y=y)  # the vector of weights goes over once
    raws, own = count(lambda: [LOSSES[name](x, y) for name in chosen])
    total, forward = count(lambda: objective(x=x, y=y))
    _, own_backward = count(lambda: torch.autograd.grad(raws, x, [torch.ones_like(raws[0])] * terms))
    _, backward = count(lambda: torch.autograd.grad(total, x, torch.ones_like(total)))
    assert len(forward) - len(own) <= 4, forward
    assert len(backward) - len(own_backward) <= terms + 4, backward
    assert not [name for name in forward if "_local_scalar_dense" in name]
