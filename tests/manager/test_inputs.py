import pytest
import torch

from lossspec import LossManager, register_loss
from lossspec.errors import LossInputError, LossResultError, UnknownNameError


@pytest.fixture(scope="module", autouse=True)
def _losses():
    @register_loss("test_inputs.Penalty")
    class Penalty(torch.nn.Module):
        """The mean of what a callable says of a tensor."""

        def forward(self, critic, images):
            return critic(images).mean()

    @register_loss("test_inputs.Named")
    class Named(torch.nn.Module):
        """Says which argument is which."""

        def forward(self, first, second, third=None):
            total = first.mean() + 10 * second.mean()
            return total if third is None else total + 100 * third.mean()


def total(make_manager, tensors, **term):
    return make_manager(a=term).objective()(**tensors)


def test_a_number_is_a_target_shaped_like_the_first_tensor(make_manager):
    logits = torch.randn(2, 1, 4, 4, requires_grad=True)
    found = total(make_manager, {"p": logits}, type="torch.BCEWithLogitsLoss", inputs=["p", 1.0])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(torch.float64, torch.float64), (torch.bfloat16, torch.bfloat16), (torch.int64, torch.float32)],
)
def test_a_number_is_a_floating_point_target(make_manager, dtype, expected):
    seen = []
    manager = make_manager(a={"inputs": ["p", 0.5]})
    manager.get_registered_losses(strip=False)["a"].function.register_forward_hook(
        lambda _module, inputs, _output: seen.append(inputs[1])
    )
    manager.objective()(p=torch.ones(3, dtype=dtype))
    assert (seen[0].dtype, seen[0].tolist()) == (expected, [0.5, 0.5, 0.5])


def test_inputs_by_name_reach_their_arguments(make_manager):
    tensors = {name: torch.full((2,), float(value)) for value, name in enumerate("abc", start=1)}
    found = total(
        make_manager,
        tensors,
        type="test_inputs.Named",
        inputs=[("second", "a"), ("first", "b"), ("third", "c")],
    )
    assert found.item() == 2 + 10 * 1 + 100 * 3


def test_a_detached_input_gets_no_gradient_through_lists_too(make_manager):
    x, y = (torch.rand(3, requires_grad=True) for _ in range(2))
    total(make_manager, {"x": x, "y": y}, inputs=["x", "y.detach"]).backward()
    assert x.grad is not None
    assert y.grad is None
    xs, ys = ([torch.rand(3, requires_grad=True)] for _ in range(2))
    total(make_manager, {"x": xs, "y": ys}, inputs=["x", "y.detach"], lists="sum").backward()
    assert xs[0].grad is not None
    assert ys[0].grad is None


def test_a_callable_is_passed_on(make_manager):
    critic = torch.nn.Linear(3, 1)
    images = torch.rand(4, 3)
    found = total(make_manager, {"c": critic, "x": images}, type="test_inputs.Penalty", inputs=["c", "x"])
    assert torch.equal(found, critic(images).mean())


LISTS = {"x": [torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([4.0])], "y": [torch.zeros(1)] * 3}


@pytest.mark.parametrize(("lists", "expected"), [("sum", 7.0), ("mean", 7 / 3), ((0.5, 0.0, 2.0), 8.5)])
def test_lists_are_combined(make_manager, lists, expected):
    assert total(make_manager, LISTS, lists=lists).item() == pytest.approx(expected)


def test_inputs_beside_lists_are_whole_or_numbers(make_manager):
    found = total(make_manager, {"x": LISTS["x"], "y": torch.ones(1)}, lists="sum")
    assert found.item() == 0 + 1 + 3
    ragged = [torch.zeros(2), torch.zeros(5)]
    assert total(make_manager, {"x": ragged}, inputs=["x", 1.0], lists="sum").item() == 2.0
    features = [torch.zeros(3), torch.full((2, 2), 3.0)]
    term = {"type": "lossspec.FeatureMatchingLoss", "inputs": ["x", 1.0]}
    assert total(make_manager, {"x": features}, **term).item() == 1.0 + 2.0
    assert total(make_manager, {"x": [features, features]}, lists="sum", **term).item() == 6.0


@pytest.mark.parametrize(
    ("term", "tensors", "message"),
    [
        (
            {},
            {"x": [torch.ones(2)], "y": torch.ones(2)},
            (
                "`a` expects a tensor as `x`, got a list: "
                'add `lists = "mean"` (or "sum", or weights) to apply it to each element'
            ),
        ),
        (
            {"lists": "sum"},
            {"x": [torch.ones(2)] * 2, "y": [torch.ones(2)] * 3},
            "`a` expects lists of equal length, at least 1, got `x` of length 2, `y` of length 3",
        ),
        (
            {"lists": "sum"},
            {"x": [], "y": []},
            "`a` expects lists of equal length, at least 1, got `x` of length 0, `y` of length 0",
        ),
        (
            {"lists": "mean"},
            {"x": torch.ones(2), "y": torch.ones(2)},
            "`a` expects lists of equal length, at least 1, got no list",
        ),
        (
            {"lists": (1.0, 2.0)},
            {"x": [torch.ones(2)] * 3, "y": [torch.ones(2)] * 3},
            "`a` has 2 weights in `lists`, got lists of 3 elements",
        ),
        (
            {"inputs": ["x", 1.0]},
            {"x": 3.0},
            "the input 1.0 takes the shape of the first tensor, but there is no tensor",
        ),
    ],
)
def test_invalid_inputs_name_the_term(make_manager, term, tensors, message):
    with pytest.raises(LossInputError) as raised:
        total(make_manager, tensors, **term)
    assert str(raised.value) == message
    assert raised.value.__notes__ == ["in the term `a` of the objective `total`"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            ["x", "y", "mask", "z"],
            UnknownNameError,
            "unknown tensor `z` in the call of objective `total`: expected one of `mask`, `x`, `y`",
        ),
        (
            ["x", "y", "masks"],
            UnknownNameError,
            (
                "unknown tensor `masks` in the call of objective `total`: "
                "a tensor with a similar name exists: `mask`"
            ),
        ),
        (
            ["x", "mask"],
            LossInputError,
            "objective `total` is missing tensor `y`, needed by `a`, `b`, `c`",
        ),
        (
            [],
            LossInputError,
            "objective `total` is missing tensor `x`, needed by `a`, `b`, `c`",
        ),
    ],
)
def test_wrong_tensors_are_found_before_computing(make_manager, given, error, message):
    manager = make_manager(
        a={"inputs": ["x", "y"]},
        b={"inputs": ["x", "y"]},
        c={"type": "lossspec.MaskedL1Loss", "inputs": ["x", "y", "mask"]},
    )
    ran = []
    for loss in manager.get_registered_losses(strip=False).values():
        loss.function.register_forward_pre_hook(lambda *_: ran.append(1))
    with pytest.raises(error) as raised:
        manager.objective()(**dict.fromkeys(given, torch.ones(2)))
    assert str(raised.value) == message
    assert ran == []


def test_a_term_that_is_not_a_scalar_names_the_reduction(make_manager):
    tensors = {"x": torch.ones(2, 3), "y": torch.zeros(2, 3)}
    with pytest.raises(LossResultError) as raised:
        total(make_manager, tensors, args={"reduction": "none"})
    assert str(raised.value) == (
        "`a` must return a scalar, got the shape (2, 3): "
        'set `args = { reduction = "mean" }` or another reduction'
    )


def test_a_loss_registered_in_code_has_no_objective(xy):
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss())
    with pytest.raises(UnknownNameError, match="unknown objective `total`: there are none"):
        manager.objective()


def test_positional_tensors_are_refused_with_their_names(make_manager):
    manager = make_manager(a={"inputs": ["y_fake", "y"]})
    named = {"y_fake": torch.ones(2), "y": torch.ones(2)}
    for more in ({}, named):  # also with all names given
        with pytest.raises(LossInputError) as raised:
            manager.objective()(torch.ones(2), torch.ones(2), **more)
        assert str(raised.value) == (
            "objective `total` expects tensors by keyword, got 2 by position: "
            "call `objective(y_fake=..., y=...)`"
        )


@pytest.mark.parametrize("detach", ["y", "y.detach"])
def test_a_tensor_that_is_none_is_named_where_it_fails(make_manager, detach):
    with pytest.raises((AttributeError, TypeError)) as raised:
        total(make_manager, {"x": torch.ones(2), "y": None}, inputs=["x", detach])
    assert raised.value.__notes__ == ["in the term `a` of the objective `total`, with None for `y`"]
