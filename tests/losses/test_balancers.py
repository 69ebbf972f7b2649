"""Balancers: against the authors' algorithms, written anew with autograd, over several steps of training."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from lossspec.errors import LossInputError, UnknownNameError
from lossspec.losses import GradientRatio, OutputBalancer
from lossspec.losses.balancing.measures import length

WEIGHTS = {"l1": 0.1, "l2": 2.0, "adv": 4.0}


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)).double()


def losses(output, target, critic):
    return {
        "l1": (output - target).abs().mean(),
        "l2": 100 * ((output - target) ** 2).mean(),
        "adv": -critic(output).mean(),
    }


def batches(count=4):
    torch.manual_seed(1)
    return [(torch.randn(n, 3).double(), torch.randn(n, 4).double()) for n in (2, 3, 2, 5)[:count]]


def official(decay=0.999, total_norm=1.0, per_item=True, eps=1e-12):
    """EnCodec's Balancer.backward: the gradients at the output, averaged lengths, one backward from there."""
    totals: dict[str, float] = {}
    fixes: dict[str, float] = {}

    def backward(values, output):
        gradients, averages = {}, {}
        for name, value in values.items():
            (gradient,) = torch.autograd.grad(value, [output], retain_graph=True)
            norm = gradient.flatten(1).norm(dim=1).mean() if per_item else gradient.norm()
            totals[name] = totals.get(name, 0.0) * decay + float(norm)
            fixes[name] = fixes.get(name, 0.0) * decay + 1
            gradients[name], averages[name] = gradient, totals[name] / fixes[name]
        share = sum(WEIGHTS[name] for name in values)
        scales = {name: WEIGHTS[name] / share * total_norm / (eps + averages[name]) for name in values}
        output.backward(sum(scales[name] * gradients[name] for name in values))
        return sum(scales[name] * value.item() for name, value in values.items()), scales

    return backward


@pytest.mark.parametrize(
    "options",
    [{}, {"decay": 0.5}, {"decay": 1.0}, {"per_item": False}, {"total_norm": 3.0}, {"eps": 0.1}],
    ids=lambda options: "-".join(map(str, options)) or "defaults",
)
def test_the_output_balancer_trains_as_the_official_one(options):
    model, critic = network(0), nn.Linear(4, 1).double()
    twin = copy.deepcopy(model)
    balancer, reference = OutputBalancer(list(WEIGHTS), **options), official(**options)
    for x, y in batches():
        output, other = model(x), twin(x)
        total, applied = balancer(losses(output, y, critic), WEIGHTS, output)
        total.backward()
        expected, scales = reference(losses(other, y, critic), other)
        torch.testing.assert_close(total.item(), expected, rtol=1e-12, atol=0)
        assert {name: float(each) for name, each in applied.items()} == pytest.approx(scales, rel=1e-12)
        for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-12, atol=0)
        assert critic.weight.grad is None
        for network_ in (model, twin):
            for parameter in network_.parameters():
                parameter.data -= 0.1 * parameter.grad
                parameter.grad = None


def test_terms_added_and_factors_before_a_contribution():
    output = torch.randn(2, 3, requires_grad=True)
    balancer = OutputBalancer(["a"])
    total, _ = balancer({"a": output.sum()}, {"a": 1.0}, output)
    (0.5 * (total + output.square().sum())).backward()
    torch.testing.assert_close(output.grad, 0.5 * (torch.full((2, 3), 3**-0.5) + 2 * output.detach()))


def test_a_skipped_loss_leaves_its_share_to_the_others():
    output = torch.ones(1, 4, requires_grad=True)
    balancer = OutputBalancer(["a", "b"])
    values = {"a": 2 * output.sum(), "b": output.sum()}
    _, both = balancer(values, {"a": 1.0, "b": 3.0}, output)
    assert {name: each.item() for name, each in both.items()} == pytest.approx({"a": 0.25 / 4, "b": 0.75 / 2})
    _, one = balancer({"a": values["a"]}, {"a": 1.0, "b": 3.0}, output)
    assert {name: each.item() for name, each in one.items()} == pytest.approx({"a": 1 / 4})
    assert balancer.averages.tolist() == [4.0, 2.0]
    assert balancer.counts.tolist() == [1.999, 1.0]


def test_without_gradients_averages_are_kept():
    output = torch.ones(1, 4, requires_grad=True)
    balancer = OutputBalancer(["a"], total_norm=6.0)
    with torch.no_grad():
        total, applied = balancer({"a": output.sum()}, {"a": 5.0}, output)
    assert (total.item(), applied["a"].item()) == (20.0, 5.0)
    balancer({"a": output.sum()}, {"a": 5.0}, output)
    before = balancer.state_dict()
    with torch.no_grad():
        total, applied = balancer({"a": 7 * output.sum()}, {"a": 5.0}, output)
    assert applied["a"].item() == pytest.approx(3.0)  # 6 over a length of 2
    assert total.item() == pytest.approx(84.0)
    assert before == balancer.state_dict()


def test_a_norm_that_is_not_finite_changes_no_average():
    output = torch.ones(1, 4, requires_grad=True)
    balancer = OutputBalancer(["a", "b"])
    balancer({"a": output.sum(), "b": output.sum()}, {"a": 1.0, "b": 1.0}, output)
    balancer({"a": output.sum() * float("inf"), "b": 3 * output.sum()}, {"a": 1.0, "b": 1.0}, output)
    assert balancer.averages[0] == 2.0
    assert balancer.averages[1] == pytest.approx(4.0, rel=1e-3)
    assert balancer.counts.tolist() == [1.0, 1.999]  # or the next step would count for less


@pytest.mark.parametrize(
    ("balancer", "buffers"),
    [
        (OutputBalancer(["a", "b"]), ["averages", "counts"]),
        (GradientRatio(["a", "b"], ["a"]), ["ratios"]),
    ],
)
def test_the_averages_are_saved_and_keep_their_precision(balancer, buffers):
    tensor = torch.ones(2, requires_grad=True)
    balancer({"a": tensor.sum(), "b": 3 * tensor.sum()}, {"a": 1.0, "b": 1.0}, tensor)
    state = balancer.state_dict()
    assert sorted(state) == buffers
    fresh = copy.deepcopy(balancer)
    for buffer in fresh.buffers():
        buffer.zero_()
    fresh.load_state_dict(state)
    fresh.to(torch.bfloat16)
    for name in buffers:
        kept = fresh.get_buffer(name)
        assert kept.dtype == torch.float64
        assert torch.equal(kept, state[name])
    assert all(buffer.is_meta for buffer in balancer.to("meta").buffers())


class OtherRank:
    """Stands in for a second process: adds its lengths to whatever is reduced."""

    def __init__(self, monkeypatch, lengths, samples):
        self.sent = []
        self._other = torch.tensor([*lengths, 1.0]).double() * samples
        monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.distributed, "all_reduce", self)

    def __call__(self, tensor):
        self.sent.append(tensor.clone())
        tensor += self._other


def test_output_balancer_averages_over_ranks_in_one_collective(monkeypatch):
    output = torch.ones(3, 4, requires_grad=True)
    rank = OtherRank(monkeypatch, lengths=[10.0, 6.0], samples=1)
    balancer = OutputBalancer(["a", "b"])
    balancer({"a": output.sum(), "b": 2 * output.sum()}, {"a": 1.0, "b": 1.0}, output)
    assert [sent.tolist() for sent in rank.sent] == [[6.0, 12.0, 3.0]]
    assert balancer.averages.tolist() == [(3 * 2.0 + 10.0) / 4, (3 * 4.0 + 6.0) / 4]


def test_lengths_of_whole_batches_count_alike_on_all_ranks(monkeypatch):
    output = torch.ones(3, 4, requires_grad=True)
    rank = OtherRank(monkeypatch, lengths=[10.0], samples=1)
    balancer = OutputBalancer(["a"], per_item=False)
    balancer({"a": output.sum()}, {"a": 1.0}, output)
    assert [sent.tolist() for sent in rank.sent] == [[pytest.approx(12**0.5), 1.0]]
    assert balancer.averages.tolist() == [pytest.approx((12**0.5 + 10.0) / 2)]


def test_gradient_ratio_averages_over_ranks_in_one_collective(monkeypatch):
    layer = torch.ones(4, requires_grad=True)
    rank = OtherRank(monkeypatch, lengths=[10.0, 2.0], samples=1)
    _, applied = GradientRatio(["rec", "gan"], ["rec"], eps=1e-12)(
        {"rec": layer.sum(), "gan": layer.sum()}, {"rec": 1.0, "gan": 1.0}, layer
    )
    assert len(rank.sent) == 1
    assert float(applied["gan"]) == pytest.approx((2 + 10) / (2 + 2))


def test_gradient_ratio_is_taming_transformers_adaptive_weight():
    model, critic = network(0), nn.Linear(4, 1).double()
    last = model[-1].weight
    balancer = GradientRatio(["rec", "lpips", "gan"], ["rec", "lpips"], eps=1e-4, maximum=1e4)
    weights = {"rec": 1.0, "lpips": 0.5, "gan": 0.8}
    for x, y in batches(2):
        output = model(x)
        values = {
            "rec": (output - y).abs().mean(),
            "lpips": (output.sin() - y.sin()).square().mean(),
            "gan": -critic(output).mean(),
        }
        total, applied = balancer(values, weights, last)
        nll = values["rec"] + 0.5 * values["lpips"]
        nll_grads = torch.autograd.grad(nll, last, retain_graph=True)[0]
        g_grads = torch.autograd.grad(values["gan"], last, retain_graph=True)[0]
        d_weight = (nll_grads.norm() / (g_grads.norm() + 1e-4)).clamp(0.0, 1e4).detach() * 0.8
        expected = nll + d_weight * values["gan"]
        torch.testing.assert_close(total, expected, rtol=1e-12, atol=0)
        assert applied["rec"] == 1.0
        assert applied["lpips"] == 0.5
        assert float(applied["gan"]) == pytest.approx(float(d_weight), rel=1e-12)
        parameters = [*model.parameters(), *critic.parameters()]
        for mine, theirs in zip(
            torch.autograd.grad(total, parameters, retain_graph=True),
            torch.autograd.grad(expected, parameters),
            strict=True,
        ):
            torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=0)


def test_the_ratio_is_bounded_and_kept_without_gradients():
    layer = torch.ones(2, requires_grad=True)
    balancer = GradientRatio(["rec", "gan"], ["rec"], maximum=5.0)
    values, weights = {"rec": 100 * layer.sum(), "gan": layer.sum()}, {"rec": 1.0, "gan": 2.0}
    with torch.no_grad():
        assert balancer(values, weights, layer)[0] == 200.0
    assert balancer(values, weights, layer)[1]["gan"] == 10.0
    with torch.no_grad():
        total, applied = balancer({"rec": layer.sum(), "gan": layer.sum()}, weights, layer)
    assert (total.item(), float(applied["gan"])) == (2.0 + 20.0, 10.0)


def test_while_the_others_are_skipped_nothing_is_differentiated():
    value = torch.tensor(3.0)  # has no graph: a gradient would be an error
    total, applied = GradientRatio(["rec", "gan"], ["rec"])({"rec": value}, {"rec": 2.0}, torch.ones(2))
    assert (total.item(), applied) == (6.0, {"rec": 2.0})


def test_no_step_reads_from_the_device():
    """Meta tensors have no values: whatever reads one fails."""
    output = torch.ones(2, 4, device="meta", requires_grad=True)
    values = {"a": output.sum(), "b": output.square().sum()}
    for balancer in (OutputBalancer(["a", "b"]), GradientRatio(["a", "b"], ["a"])):
        balancer.to("meta")
        total, _ = balancer(values, {"a": 1.0, "b": 2.0}, output)
        total.backward(retain_graph=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_the_contribution_has_the_type_of_the_losses(dtype):
    """What is measured is in double precision, and must not spread."""
    output = torch.ones(2, 4, dtype=dtype, requires_grad=True)
    for balancer in (OutputBalancer(["a", "b"]), GradientRatio(["a", "b"], ["a"])):
        values = {"a": output.mean(), "b": output.square().mean()}
        assert balancer(values, {"a": 1.0, "b": 2.0}, output)[0].dtype == dtype


def test_half_precision_is_measured_in_single():
    gradient = torch.full((1, 100_000), 1.0, dtype=torch.float16)
    assert length(300 * gradient).item() == pytest.approx(300 * 100_000**0.5, rel=1e-3)  # its square is inf


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: OutputBalancer(["a"], decay=0.0), r"0 < decay <= 1.*got .*decay = 0\.0"),
        (lambda: OutputBalancer(["a"], decay=1.5), "decay = 1.5"),
        (lambda: OutputBalancer(["a"], total_norm=0.0), "needs total_norm > 0"),
        (lambda: OutputBalancer(["a"], eps=0.0), "eps > 0"),
        (lambda: GradientRatio(["a", "b"], ["a", "b"]), "at least one reference loss and one other"),
        (lambda: GradientRatio(["a", "b"], []), "at least one reference loss and one other"),
        (lambda: GradientRatio(["a", "b"], ["a"], eps=0.0), "GradientRatio needs eps > 0, got eps = 0.0"),
        (lambda: GradientRatio(["a", "b"], ["a"], maximum=0.0), "maximum = 0.0"),
    ],
)
def test_arguments_out_of_bounds_are_errors(build, message):
    with pytest.raises(LossInputError, match=message):
        build()


def test_an_unknown_reference_names_the_nearest_loss():
    with pytest.raises(
        UnknownNameError, match="unknown loss `recc`: a loss with a similar name exists: `rec`"
    ):
        GradientRatio(["rec", "gan"], ["recc"])


@pytest.mark.parametrize(
    "balancer",
    [OutputBalancer(["rec", "gan"]), GradientRatio(["rec", "gan"], ["rec"])],
    ids=["output", "ratio"],
)
@pytest.mark.parametrize("detach", ["value", "tensor", "neither"])
def test_a_loss_that_does_not_depend_on_the_tensor_is_an_error(balancer, detach):
    tensor = torch.ones(2, 3, requires_grad=True)
    value = {
        "value": tensor.sum().detach(),
        "tensor": tensor.sum(),
        "neither": torch.ones(1, requires_grad=True),
    }
    by = tensor.detach() if detach == "tensor" else tensor
    with pytest.raises(LossInputError, match=r"differentiates `(rec|gan)`.*shape \(2, 3\)"):
        balancer({"rec": tensor.sum(), "gan": value[detach].sum()}, {"rec": 1.0, "gan": 1.0}, by)


def test_weights_must_add_up_to_something():
    output = torch.ones(1, 2, requires_grad=True)
    with pytest.raises(LossInputError, match="weights with a sum above 0"):
        OutputBalancer(["a"])({"a": output.sum()}, {"a": 0.0}, output)


def test_a_ratio_without_a_reference_is_an_error():
    layer = torch.ones(2, requires_grad=True)
    with pytest.raises(LossInputError, match="needs a reference loss, but all are skipped: rec"):
        GradientRatio(["rec", "gan"], ["rec"])({"gan": layer.sum()}, {"gan": 1.0}, layer)
