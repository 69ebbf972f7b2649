"""Properties of every loss, for each row of the table in conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from lossspec import losses
from lossspec.errors import LossInputError


def test_the_catalogue_has_every_loss():
    page = (Path(__file__).parents[2] / "docs" / "losses.md").read_text(encoding="utf-8")
    modules = [name for name in losses.__all__ if name.endswith(("Loss", "Penalty", "Precomputed"))]
    assert [name for name in modules if f"`{name}`" not in page] == []


def mapped(value, change):
    """Change each tensor of an input, within a list too."""
    return [change(each) for each in value] if isinstance(value, list) else change(value)


def inputs_of(case, dtype=torch.float64, grad=True):
    def prepare(index):
        wanted = grad and index not in case.frozen
        return lambda tensor: tensor.to(dtype).requires_grad_(wanted)

    return [mapped(value, prepare(index)) for index, value in enumerate(case.inputs())]


def flat(inputs) -> list[Tensor]:
    return [each for value in inputs for each in (value if isinstance(value, list) else [value])]


def gradients(loss: Tensor, inputs) -> list[Tensor]:
    return list(torch.autograd.grad(loss, [each for each in flat(inputs) if each.requires_grad]))


def test_every_loss_has_a_row_or_a_file_of_its_own(formulas):
    types = {name.partition("-")[0] for name in formulas}
    vgg, penalties = {"VGGPerceptualLoss", "VGGStyleLoss"}, {"R1Penalty", "R2Penalty", "GradientPenalty"}
    balancers = {name for name in losses.__all__ if not name.endswith(("Loss", "Penalty", "Precomputed"))}
    assert types | vgg | penalties | {"PathLengthPenalty"} == set(losses.__all__) - balancers


def test_value_and_gradient_are_those_of_the_formula(case):
    inputs = inputs_of(case)
    found, expected = case.build()(*inputs), case.formula(*inputs)
    assert found.shape == ()
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    for ours, plain in zip(gradients(found, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-8, atol=1e-10)


def test_gradient_is_that_of_finite_differences(exact):
    inputs = inputs_of(exact)
    module = exact.build()
    sizes = [len(value) if isinstance(value, list) else 0 for value in inputs]

    def call(*tensors):
        rest = iter(tensors)
        return module(*[[next(rest) for _ in range(size)] if size else next(rest) for size in sizes])

    assert torch.autograd.gradcheck(call, flat(inputs))


def test_no_gradient_reaches_frozen_inputs(case):
    inputs = inputs_of(case)
    for index in case.frozen:
        for each in flat([inputs[index]]):
            if each.is_floating_point():
                each.requires_grad_()
    case.build()(*inputs).backward()
    reached = [any(each.grad is not None for each in flat([value])) for value in inputs]
    assert reached == [index not in case.stopped for index in range(len(inputs))]


def test_works_in_float32_and_keeps_it(case):
    inputs = inputs_of(case, torch.float32)
    found = case.build()(*inputs)
    assert found.dtype == torch.float32
    double = [mapped(value, Tensor.double) for value in inputs]
    torch.testing.assert_close(found.double(), case.build()(*double), rtol=1e-4, atol=1e-6)


def test_works_under_bfloat16_autocast(case):
    """The model's outputs come in bfloat16; what a loss makes of them is near the exact value."""
    exact = inputs_of(case, torch.bfloat16)
    expected = case.build()(*[mapped(value, Tensor.double) for value in exact])
    with torch.autocast("cpu", torch.bfloat16):
        found = case.build()(*exact)
    torch.testing.assert_close(found.double(), expected, rtol=0.05, atol=0.05)
    assert all(gradient.isfinite().all() for gradient in gradients(found, exact))


@pytest.mark.slow
def test_compiles_to_one_graph(case):
    inputs = inputs_of(case, torch.float32)
    module = case.build()
    torch.compiler.reset()
    found = torch.compile(module, fullgraph=True, backend="aot_eager")(*inputs)
    expected = module(*inputs)
    torch.testing.assert_close(found, expected)
    for ours, eager in zip(gradients(found, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(ours, eager)


def test_reads_nothing_from_the_device(case):
    """A value that a loss asked for would stop an accelerator; the meta device has none to give."""
    inputs = [mapped(value, lambda tensor: tensor.to("meta")) for value in case.inputs()]
    found = case.build().to("meta")(*inputs)
    assert (found.device.type, found.shape) == ("meta", ())


def test_differentiates_twice(case):
    """A loss may stand inside a penalty or a meta-learner's inner loop: its gradient has a gradient."""
    inputs = inputs_of(case)
    found = case.build()(*inputs)
    wanted = [each for each in flat(inputs) if each.requires_grad]
    first = torch.autograd.grad((found + 1).square(), wanted, create_graph=True)
    second = torch.autograd.grad(sum(each.square().sum() for each in first), wanted)
    assert all(each.isfinite().all() and each.any() for each in second)


def test_is_zero_between_equals_and_nowhere_else(distance):
    first, second, *rest = inputs_of(distance, grad=False)
    module = distance.build()
    assert module(first, first, *rest) == pytest.approx(0, abs=1e-12)
    assert module(first, second, *rest) > 1e-3


def test_is_the_same_both_ways(symmetric):
    first, second, *rest = inputs_of(symmetric, grad=False)
    module = symmetric.build()
    torch.testing.assert_close(module(first, second, *rest), module(second, first, *rest))


def test_order_of_the_batch_does_not_matter(case):
    inputs = inputs_of(case, grad=False)

    def turned(tensor):
        return tensor.flip(0) if tensor.dim() else tensor

    module = case.build()
    if not case.any_order:
        return
    again = module(*[mapped(value, turned) for value in inputs])
    torch.testing.assert_close(module(*inputs), again)


def test_inputs_are_left_as_they_are(case):
    inputs = inputs_of(case, grad=False)
    before = [each.clone() for each in flat(inputs)]
    case.build()(*inputs)
    assert all(map(torch.equal, before, flat(inputs)))


def test_one_sample_gives_a_number_or_a_clear_error(case):
    inputs = [
        mapped(value, lambda tensor: tensor[:1]) if case.type != "Precomputed" else value
        for value in case.inputs()
    ]
    if case.one_sample:
        assert case.build()(*inputs).isfinite()
    else:
        with pytest.raises(LossInputError, match=rf"{case.type} needs at least 2 samples"):
            case.build()(*inputs)


def test_an_empty_batch_is_an_error_that_names_the_loss(case):
    empty = [
        mapped(value, lambda tensor: tensor.new_empty((0, *tensor.shape[1:]))) for value in case.inputs()
    ]
    with pytest.raises(LossInputError, match=rf"{case.type} got an empty `\w+(\[0\])?`: \(0.*\)"):
        case.build()(*empty)


def test_different_shapes_are_an_error_with_both(matched):
    """One image would broadcast against a batch: a mistake that hides well."""
    inputs = list(matched.inputs())
    inputs[1] = mapped(inputs[1], lambda tensor: tensor[:1])
    with pytest.raises(
        LossInputError, match=rf"{matched.type} expects tensors of the same shape, got .*\([234],.*\(1,"
    ):
        matched.build()(*inputs)


def test_the_repr_is_one_line(case):
    assert case.type in repr(case.build())
