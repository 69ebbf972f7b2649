"""Balancers by value: against the vectors of other libraries, and their formulas written anew in NumPy."""

from __future__ import annotations

import copy
import io
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from lossspec import losses as library
from lossspec.errors import LossInputError, UnknownNameError
from lossspec.losses import (
    DynamicWeightAverage,
    EMANormalization,
    ReLoBRaLo,
    SoftAdapt,
    UncertaintyWeighting,
)

VECTORS = {
    each["id"]: each
    for each in json.loads(Path(__file__).with_name("balancing_vectors.json").read_text())["vectors"]
}
NAMES = ("a", "b", "c")
ONES = dict.fromkeys(NAMES, 1.0)
#: Three losses over eight steps, one of which grows.
STEPS = np.exp([3.0, 0.0, -2.0]) * np.exp(np.random.default_rng(0).normal(size=(8, 3)))
MAKERS = [
    lambda: DynamicWeightAverage(NAMES),
    lambda: EMANormalization(NAMES, decay=0.9),
    lambda: ReLoBRaLo(NAMES, beta=0.5),
    lambda: SoftAdapt(NAMES),
    lambda: SoftAdapt(NAMES, "ratio"),
    lambda: UncertaintyWeighting(NAMES),
]
IDS = ["DWA", "EMA", "ReLoBRaLo", "difference", "ratio", "uncertainty"]
every_balancer = pytest.mark.parametrize("make", MAKERS, ids=IDS)


def values_of(row, names=NAMES):
    return {
        name: torch.tensor(float(value), dtype=torch.float64) for name, value in zip(names, row, strict=True)
    }


def run(balancer, rows, weights=ONES):
    """Return the totals and the applied weights of several steps."""
    totals, applied = [], []
    for row in rows:
        total, found = balancer(values_of(row), weights)
        totals.append(total.item())
        applied.append([float(found[name]) for name in NAMES])
    return np.array(totals), np.array(applied)


def softmax(rates):
    return len(rates) * np.exp(rates) / np.exp(rates).sum()


@pytest.mark.parametrize(
    ("vector", "make"),
    [
        ("softadapt/physicsnemo", lambda: SoftAdapt(NAMES, "ratio")),
        ("relobralo_beta1/physicsnemo", lambda: ReLoBRaLo(NAMES, alpha=0.95, beta=1.0, tau=1.0)),
    ],
)
def test_the_steps_are_those_of_physicsnemo(vector, make):
    found = VECTORS[vector]
    totals, applied = run(make(), found["inputs"])
    expected = found["outputs"]["steps"]
    np.testing.assert_allclose(totals, [step["total"] for step in expected], rtol=1e-6)
    np.testing.assert_allclose(applied, [step["weights"] for step in expected], rtol=1e-6)


def test_the_epochs_are_those_of_torchjd():
    found = VECTORS["dwa/torchjd"]
    balancer = DynamicWeightAverage(NAMES, found["params"]["temperature"])
    per_epoch = []
    for epoch, row in enumerate(found["inputs"]):
        for factor, part in zip(found["params"]["batches_per_epoch"], (0.0, 0.5), strict=True):
            balancer.epoch = epoch + part  # a fraction is within the epoch
            _, applied = run(balancer, [np.array(row) * factor])
            per_epoch.append(applied[0])
    np.testing.assert_allclose(per_epoch[::2], found["outputs"]["weights_per_epoch"], rtol=1e-6)
    np.testing.assert_allclose(per_epoch[1::2], found["outputs"]["weights_per_epoch"], rtol=1e-6)


def test_uncertainty_is_that_of_torchjd():
    found = VECTORS["uncertainty/torchjd"]
    balancer = UncertaintyWeighting(NAMES)
    assert balancer.log_variances.tolist() == [0.0, 0.0, 0.0]
    with torch.no_grad():
        balancer.log_variances.copy_(torch.tensor(found["params"]["log_var"]))
    total, applied = balancer(values_of(found["inputs"]), ONES)
    total.backward()
    outputs = found["outputs"]
    assert total.item() == pytest.approx(outputs["total"], rel=1e-6)
    assert [float(each) for each in applied.values()] == pytest.approx(outputs["weights"], rel=1e-6)
    assert balancer.log_variances.grad.tolist() == pytest.approx(outputs["grad_log_var"], rel=1e-5)


def test_uncertainty_with_weights_of_the_spec():
    """Only the part of the loss is weighed: (w e^-s L + s) / 2."""
    balancer = UncertaintyWeighting(NAMES)
    with torch.no_grad():
        balancer.log_variances.copy_(torch.tensor([0.5, -1.0, 2.0]))
    weights = {"a": 3.0, "b": -1.0, "c": 0.0}
    total, _ = balancer(values_of([2.0, 4.0, 8.0]), weights)
    total.backward()
    s, w, values = np.array([0.5, -1.0, 2.0]), np.array([3.0, -1.0, 0.0]), np.array([2.0, 4.0, 8.0])
    assert total.item() == pytest.approx((w * np.exp(-s) * values + s).sum() / 2, rel=1e-6)
    np.testing.assert_allclose(balancer.log_variances.grad, (1 - w * np.exp(-s) * values) / 2, rtol=1e-6)


@pytest.mark.parametrize("beta", [1.0, 0.1, -2.0])
def test_softadapt_by_difference_is_the_papers(beta):
    _, applied = run(SoftAdapt(NAMES, beta=beta), STEPS)
    expected = [np.ones(3)] + [softmax(beta * (now - last)) for last, now in pairwise(STEPS)]
    np.testing.assert_allclose(applied, expected, rtol=1e-12)


def test_softadapt_by_ratio_has_a_beta():
    _, applied = run(SoftAdapt(NAMES, "ratio", beta=0.3), STEPS)
    pairs = pairwise(STEPS)
    expected = [np.ones(3)] + [softmax(0.3 * now / (last + 1e-8)) for last, now in pairs]
    np.testing.assert_allclose(applied, expected, rtol=1e-12)


def test_relobralo_with_lookback_is_the_papers():
    alpha, beta, tau = 0.8, 0.5, 2.0
    draws = torch.Generator().manual_seed(3)
    _, applied = run(ReLoBRaLo(NAMES, alpha, beta, tau, seed=3), STEPS)
    expected, back = [], 0
    for step, now in enumerate(STEPS):
        rho = float(torch.rand((), generator=draws, dtype=torch.float64) < beta)
        if step == 0:
            expected.append(np.ones(3))
            continue
        to_first = softmax(now / (tau * STEPS[0] + 1e-8))
        to_last = softmax(now / (tau * STEPS[step - 1] + 1e-8))
        past = rho * expected[-1] + (1 - rho) * to_first
        expected.append(alpha * past + (1 - alpha) * to_last)
        back += rho == 0
    assert 0 < back < 7  # both branches ran
    np.testing.assert_allclose(applied, expected, rtol=1e-12)


@pytest.mark.parametrize("rescale", [False, True])
def test_normalisation_divides_by_a_moving_average(rescale):
    decay = 0.7
    rows = STEPS * [1.0, -1.0, 1.0]  # a negative loss has a magnitude too
    totals, applied = run(EMANormalization(NAMES, decay, rescale=rescale), rows)
    for step in range(len(rows)):
        powers = decay ** np.arange(step, -1, -1)
        expected = powers.sum() / (powers @ np.abs(rows[: step + 1]))
        if rescale:
            expected *= 3 / expected.sum()
        np.testing.assert_allclose(applied[step], expected, rtol=1e-12)
        assert totals[step] == pytest.approx(expected @ rows[step], rel=1e-12)


def test_a_tiny_loss_has_a_bounded_weight():
    _, applied = run(EMANormalization(NAMES, eps=0.5), [[0.0, 0.1, 2.0]])
    assert applied[0].tolist() == [2.0, 2.0, 0.5]


@every_balancer
def test_weights_of_the_spec_multiply_the_result(make):
    weights = {"a": 2.0, "b": 0.0, "c": -3.0}
    plain, weighed = make(), make()
    for row in STEPS[:4]:
        total, applied = weighed(values_of(row), weights)
        _, factors = plain(values_of(row), ONES)
        for name in NAMES:
            assert float(applied[name]) == pytest.approx(weights[name] * float(factors[name]), rel=1e-12)
        if not isinstance(plain, UncertaintyWeighting):  # which adds a part of its own
            expected = sum(float(applied[name]) * value for name, value in values_of(row).items())
            assert total.item() == pytest.approx(float(expected), rel=1e-12)


@every_balancer
def test_no_gradient_flows_through_the_weights(make):
    balancer = make()
    for row in STEPS[:3]:
        values = {name: value.requires_grad_() for name, value in values_of(row).items()}
        total, applied = balancer(values, ONES)
        found = torch.autograd.grad(total, [*values.values()])
        assert [float(each) for each in found] == pytest.approx([float(each) for each in applied.values()])


@every_balancer
def test_a_call_that_does_not_count_uses_the_last_weights(make):
    balancer = make()
    run(balancer, STEPS[:3])
    state, weights = copy.deepcopy(balancer.state_dict()), None
    with torch.no_grad():
        weights = run(balancer, STEPS[3:4])[1]
    balancer.moves = False
    np.testing.assert_array_equal(run(balancer, STEPS[4:6])[1], np.repeat(weights, 2, 0))
    assert same(balancer.state_dict(), state)


@every_balancer
def test_a_skipped_loss_keeps_its_weight_and_its_past(make):
    """Without `b` for two steps: it keeps its weight, and comes back as if they had not been."""
    balancer, others = make(), make()
    run(balancer, STEPS[:3])
    others.load_state_dict(copy.deepcopy(balancer.state_dict()))
    kept = None if isinstance(balancer, UncertaintyWeighting) else float(balancer.weights[1])
    for row in STEPS[3:5]:
        _, applied = balancer(values_of(row[[0, 2]], ("a", "c")), ONES)
        assert list(applied) == ["a", "c"]
        if kept is not None:
            assert float(balancer.weights[1]) == kept
    for name, buffer in balancer.named_buffers():
        if name not in ("weights", "epoch_means"):
            assert torch.equal(buffer[..., 1], others.get_buffer(name)[..., 1])


def test_the_softmax_is_over_the_losses_that_run():
    balancer = SoftAdapt(NAMES)
    run(balancer, STEPS[:2])
    _, applied = balancer(values_of(STEPS[2, [2, 0]], ("c", "a")), ONES)
    expected = softmax(STEPS[2, [0, 2]] - STEPS[1, [0, 2]])
    np.testing.assert_allclose([float(applied["a"]), float(applied["c"])], expected, rtol=1e-12)


@every_balancer
def test_a_value_that_is_not_finite_changes_nothing_of_its_loss(make):
    balancer, before = make(), None
    run(balancer, STEPS[:3])
    before = copy.deepcopy(balancer.state_dict())
    run(balancer, [[STEPS[3, 0], np.nan, np.inf]])
    for name, buffer in balancer.named_buffers():
        assert torch.equal(buffer[..., 1:].nan_to_num(7.0), before[name][..., 1:].nan_to_num(7.0)), name
    _, applied = run(balancer, STEPS[4:6])
    assert np.isfinite(applied).all()


@every_balancer
@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_resumed_run_is_the_uninterrupted_one(make, at):
    """In the middle of an epoch of DWA: epochs have two steps."""
    whole = make()
    expected = run_epochs(whole, range(8))
    first = make()
    run_epochs(first, range(at))
    state = io_round_trip(first.state_dict())
    resumed = make()
    resumed.load_state_dict(state)
    np.testing.assert_array_equal(run_epochs(resumed, range(at, 8)), expected[at:])


def run_epochs(balancer, steps):
    found = []
    for step in steps:
        balancer.epoch = step // 2
        found.append(run(balancer, STEPS[step : step + 1])[1][0])
    return np.array(found)


def io_round_trip(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def same(first, second):
    assert first.keys() == second.keys()
    return all(
        torch.equal(value.nan_to_num(7.0), second[name].nan_to_num(7.0))
        if isinstance(value, torch.Tensor)
        else str(value) == str(second[name])
        for name, value in first.items()
    )


@every_balancer
def test_state_keeps_its_type_when_the_module_is_cast(make):
    balancer = make()
    run(balancer, STEPS[:2])
    before = copy.deepcopy(balancer.state_dict())
    assert same(balancer.to(torch.bfloat16).state_dict(), before)
    assert all(each.is_meta for each in [*balancer.to("meta").buffers(), *balancer.parameters()])


@every_balancer
def test_no_step_reads_from_the_device(make):
    """Meta tensors have no values: whatever reads one fails."""
    balancer = make().to("meta")
    value = torch.ones((), device="meta", requires_grad=True)
    for epoch in range(3):
        balancer.epoch = epoch
        balancer({"a": value * 2, "b": value, "c": value}, ONES)[0].backward()
        balancer({"c": value * 2, "b": value}, ONES)[0].backward()


def test_the_state_follows_the_losses_to_their_device():
    balancer = SoftAdapt(NAMES)
    value = torch.ones((), device="meta", requires_grad=True)
    balancer({"a": value, "b": value, "c": value}, ONES)
    assert balancer.weights.is_meta


def test_parameters_on_another_device_are_an_error():
    value = torch.ones((), device="meta", requires_grad=True)
    with pytest.raises(LossInputError, match=r"on cpu, the losses on meta: call `objective.to\(device\)`"):
        UncertaintyWeighting(NAMES)({"a": value, "b": value}, ONES)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: DynamicWeightAverage(NAMES, 0.0),
            "DynamicWeightAverage needs temperature > 0, got temperature",
        ),
        (lambda: EMANormalization(NAMES, 1.5), "EMANormalization needs 0 <= decay <= 1, got decay = 1.5"),
        (lambda: EMANormalization(NAMES, eps=0.0), "eps > 0"),
        (lambda: ReLoBRaLo(NAMES, alpha=-0.1), "needs 0 <= alpha <= 1, got alpha = -0.1"),
        (lambda: ReLoBRaLo(NAMES, beta=2.0), "0 <= beta <= 1"),
        (lambda: ReLoBRaLo(NAMES, tau=0.0), "needs tau > 0"),
        (lambda: SoftAdapt(NAMES, beta=float("nan")), "needs a finite beta, got beta = nan"),
    ],
)
def test_arguments_out_of_bounds_are_errors(build, message):
    with pytest.raises(LossInputError, match=message):
        build()


def test_an_unknown_variant_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown variant `diference`.*`difference`"):
        SoftAdapt(NAMES, "diference")


@every_balancer
def test_the_contribution_has_the_type_of_the_losses(make):
    value = torch.tensor(2.0, dtype=torch.bfloat16, requires_grad=True)
    assert make()({"a": value, "b": value, "c": value}, ONES)[0].dtype == torch.bfloat16


def test_every_value_balancer_is_tested_here():
    by_value = {
        name
        for name in library.__all__
        if ".by_value." in getattr(library, name).__module__ and isinstance(getattr(library, name), type)
    }
    assert by_value == {type(make()).__name__ for make in MAKERS}
