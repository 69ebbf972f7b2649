"""GradNorm and learning-rate annealing: against their papers' algorithms, written anew with autograd."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from lossspec.errors import LossInputError, UnknownNameError
from lossspec.losses import GradNorm, LearningRateAnnealing

NAMES = ("a", "b", "c")
ONES = dict.fromkeys(NAMES, 1.0)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)).double()


def batches(count=5):
    torch.manual_seed(1)
    return [(torch.randn(4, 3).double(), torch.randn(4, 4).double()) for _ in range(count)]


def losses(model, x, y):
    output = model(x)
    return {
        "a": (output - y).abs().mean(),
        "b": 100 * ((output - y) ** 2).mean(),
        "c": 0.1 * (output.sin() - y).square().sum(),
    }


def train(model, total):
    total.backward()
    for parameter in model.parameters():
        parameter.data -= 0.02 * parameter.grad
        parameter.grad = None


@pytest.mark.parametrize(("alpha", "lr"), [(1.5, 0.025), (0.0, 0.1), (0.12, 0.01)])
def test_gradnorm_is_the_papers_second_order_one(alpha, lr):
    """Algorithm 1: L_grad is differentiated by the weights through the gradients' norms."""
    model = network()
    balancer, w, first = GradNorm(NAMES, alpha, lr), torch.ones(3, dtype=torch.float64), None
    for x, y in batches():
        values = losses(model, x, y)
        total, applied = balancer(values, ONES, model[2].weight)
        assert [float(each) for each in applied.values()] == pytest.approx(w.tolist(), rel=1e-12)
        weights = w.clone().requires_grad_()
        stacked = torch.stack([*values.values()])
        first = stacked.detach() if first is None else first
        norms = torch.stack(
            [
                torch.autograd.grad(weight * each, model[2].weight, create_graph=True)[0].norm()
                for weight, each in zip(weights, stacked, strict=True)
            ]
        )
        ratio = stacked.detach() / first
        target = (norms.mean() * (ratio / ratio.mean()) ** alpha).detach()
        (by_weights,) = torch.autograd.grad((norms - target).abs().sum(), weights, retain_graph=True)
        moved = (w - lr * by_weights).clamp(min=1e-8)
        w = 3 * moved / moved.sum()
        torch.testing.assert_close(balancer.weights, w, rtol=1e-10, atol=0)
        train(model, total)
    assert balancer.weights.min() < 0.9


def test_a_step_that_is_too_long_leaves_no_negative_weight():
    layer = torch.ones(1, dtype=torch.float64, requires_grad=True)
    balancer = GradNorm(["a", "b"], lr=100.0)
    for _ in range(3):
        balancer({"a": (3 * layer).sum(), "b": layer.sum()}, ONES, layer)
        assert balancer.weights.min() > 0
        assert balancer.weights.sum() == pytest.approx(2.0)


@pytest.mark.parametrize("statistic", ["max", "mean"])
def test_annealing_is_the_papers_algorithm(statistic):
    model = network()
    parameters = [*model.parameters()]
    balancer = LearningRateAnnealing(NAMES, "b", alpha=0.3, every=2, statistic=statistic)
    expected = dict(ONES)
    for step, (x, y) in enumerate(batches()):
        values = losses(model, x, y)
        if step % 2 == 0:
            flat = {
                name: torch.cat(
                    [g.flatten() for g in torch.autograd.grad(each, parameters, retain_graph=True)]
                )
                for name, each in values.items()
            }
            scale = flat["b"].abs().max() if statistic == "max" else flat["b"].abs().mean()
            for name in ("a", "c"):
                new = scale.item() / (flat[name].abs().mean().item() + 1e-8)
                expected[name] = 0.7 * expected[name] + 0.3 * new
        total, applied = balancer(values, ONES, parameters)
        assert {name: float(each) for name, each in applied.items()} == pytest.approx(expected, rel=1e-10)
        train(model, total)


def test_a_parameter_that_a_loss_does_not_reach_is_zero():
    first, second = (torch.ones(2, requires_grad=True) for _ in range(2))
    balancer = LearningRateAnnealing(["a", "b"], "a", alpha=1.0)
    values = {"a": (4 * first).sum(), "b": first.sum() + second.sum()}
    _, applied = balancer(values, ONES, [first, second])
    assert float(applied["b"]) == pytest.approx(4.0)
    _, applied = balancer({"b": first.sum(), "a": second.sum()}, ONES, [first, second])
    assert list(applied) == ["b", "a"]


MAKERS = {
    "gradnorm": lambda: GradNorm(NAMES),
    "annealing": lambda: LearningRateAnnealing(NAMES, "a", every=2),
}
every_balancer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def call(balancer, layer, names=NAMES, scale=1.0):
    rates = {"a": 1.0, "b": 2.0, "c": 5.0}
    values = {name: scale * rates[name] * (layer**2).sum() for name in names}
    return balancer(values, ONES, layer)


@pytest.fixture
def layer():
    return torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)


@every_balancer
def test_a_call_that_does_not_count_uses_the_last_weights(make, layer):
    balancer = make()
    for scale in (1.0, 2.0, 3.0):
        call(balancer, layer, scale=scale)
    before = copy.deepcopy(balancer.state_dict())
    with torch.no_grad():
        _, applied = call(balancer, layer)
    balancer.moves = False
    assert call(balancer, layer.detach())[1] == applied  # and nothing is differentiated
    assert str(balancer.state_dict()) == str(before)
    assert [float(each) for each in applied.values()] == balancer.weights.tolist()


@every_balancer
def test_a_skipped_loss_keeps_its_weight(make, layer):
    balancer = make()
    for scale in (1.0, 2.0):
        call(balancer, layer, scale=scale)
    kept = float(balancer.weights[1])
    for scale in (3.0, 4.0):
        call(balancer, layer, ("a", "c"), scale)
        assert float(balancer.weights[1]) == kept


@every_balancer
def test_a_gradient_that_is_not_finite_changes_no_weight(make, layer):
    balancer = make()
    for scale in (1.0, 2.0):
        call(balancer, layer, scale=scale)
    before = balancer.weights.clone()
    call(balancer, layer, scale=float("nan"))
    assert torch.equal(balancer.weights, before)


@every_balancer
@pytest.mark.parametrize("at", [1, 3])
def test_a_resumed_run_is_the_uninterrupted_one(make, at, layer):
    whole, first, second = make(), make(), make()
    expected = [call(whole, layer, scale=scale)[1] for scale in (1.0, 3.0, 2.0, 5.0, 4.0)]
    for scale in (1.0, 3.0, 2.0, 5.0, 4.0)[:at]:
        call(first, layer, scale=scale)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert [call(second, layer, scale=scale)[1] for scale in (1.0, 3.0, 2.0, 5.0, 4.0)[at:]] == expected[at:]


def test_while_the_reference_is_skipped_annealing_rests(layer):
    balancer = LearningRateAnnealing(NAMES, "a", every=1)
    call(balancer, layer, ("b", "c"))
    assert balancer.weights.tolist() == [1.0, 1.0, 1.0]


@every_balancer
def test_no_step_reads_from_the_device(make):
    balancer, layer = make().to("meta"), torch.ones(2, device="meta", requires_grad=True)
    for names in (NAMES, ("c", "a")):
        call(balancer, layer, names)[0].backward()


@every_balancer
@pytest.mark.parametrize("detach", ["value", "layer", "neither"])
def test_a_loss_without_the_layer_is_an_error(make, detach, layer):
    other = torch.ones(1, requires_grad=True).sum()
    value = {"value": (layer**2).sum().detach(), "layer": (layer**2).sum(), "neither": other}[detach]
    given = layer.detach() if detach == "layer" else layer
    values = {"a": (layer**2).sum(), "b": value, "c": (layer**2).sum()}
    with pytest.raises(LossInputError, match=r"differentiates `(a|b)`.*shape \(2,\) with gradients: is it"):
        make()(values, ONES, given)


def test_annealing_names_the_shapes_of_all_its_tensors(layer):
    with pytest.raises(LossInputError, match=r"from the tensors of shapes \(2,\), \(3, 1\) with gradients"):
        LearningRateAnnealing(NAMES, "a")(
            {"a": torch.ones(()), "b": layer.sum()}, ONES, [layer, torch.ones(3, 1)]
        )


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_gradnorm_refuses_a_loss_that_is_not_positive(value, layer):
    values = {"a": layer.sum(), "b": layer.sum() * 0 + value, "c": layer.sum()}
    with pytest.raises(
        LossInputError, match=rf"needs positive losses, got `b` = {value:g}: GradNorm compares"
    ):
        GradNorm(NAMES)(values, ONES, layer)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GradNorm(NAMES, alpha=float("inf")), "GradNorm needs a finite alpha, got alpha = inf"),
        (lambda: GradNorm(NAMES, alpha=-1.0), "GradNorm needs alpha >= 0, got alpha = -1.0"),
        (lambda: GradNorm(NAMES, lr=0.0), "GradNorm needs lr > 0, got lr = 0.0"),
        (lambda: LearningRateAnnealing(NAMES, "a", alpha=2.0), "needs 0 <= alpha <= 1, got alpha = 2.0"),
        (lambda: LearningRateAnnealing(NAMES, "a", every=0), "needs every >= 1, got every = 0"),
    ],
)
def test_arguments_out_of_bounds_are_errors(build, message):
    with pytest.raises(LossInputError, match=message):
        build()


def test_an_unknown_reference_names_the_nearest_loss():
    with pytest.raises(
        UnknownNameError, match="unknown loss `pdee`: a loss with a similar name exists: `pde`"
    ):
        LearningRateAnnealing(["pde", "boundary"], "pdee")
