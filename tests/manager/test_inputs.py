from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch
from torch.nn import functional

from lossspec import LossManager, register_loss
from lossspec.errors import LossInputError, LossResultError, UnknownNameError
from lossspec.manager.objective.ddp import reached_parameters
from lossspec.manager.record.ranks import batch_size


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

    @register_loss("test_inputs.Nested")
    class Nested(torch.nn.Module):
        """Sums over whatever it gets."""

        def forward(self, fake: list, real: list):
            assert type(fake) is type(real)
            return sum((a - b).abs().mean() for a, b in zip(leaves(fake), leaves(real), strict=True))


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


@pytest.mark.parametrize(("lists", "expected"), [("sum", 7.0), ("mean", 7 / 3), ([0.5, 0.0, 2.0], 8.5)])
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
                'add `lists = "mean"` (or "sum", or weights) to apply it to each element, or take one, such '
                "as `x[-1]`"
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
            (
                "`a` has `lists` and expects at least one list, got a float32 tensor of shape (2,) as `x`, "
                "a float32 tensor of shape (2,) as `y`: pass a list, or remove `lists`"
            ),
        ),
        (
            {"lists": [1.0, 2.0]},
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
    (note,) = raised.value.__notes__
    assert note.startswith("in the term `a` of the objective `total`, with ")
    assert all(f"as `{name}`" in note for name in tensors)


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
        '`a` must return a scalar, got the shape (2, 3): set its argument `reduction` to "mean" or "sum"'
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
            "call `objective(y_fake=..., y=...)`, or `objective(**tensors)` with a dict"
        )


@pytest.mark.parametrize("detach", ["y", "y.detach"])
def test_a_tensor_that_is_none_is_named_where_it_fails(make_manager, detach):
    with pytest.raises((AttributeError, TypeError)) as raised:
        total(make_manager, {"x": torch.ones(2), "y": None}, inputs=["x", detach])
    assert raised.value.__notes__ == [
        "in the term `a` of the objective `total`, with a float32 tensor of shape (2,) as `x`, None as `y`"
    ]


@pytest.mark.parametrize("shape", [(8, 3), (3,), (2, 3, 4, 5)])
def test_a_number_is_a_class_where_the_loss_takes_classes(make_manager, shape):
    """As a discriminator of domains has it: every item is of class 1."""
    logits = torch.randn(shape)
    found = total(make_manager, {"p": logits}, type="torch.CrossEntropyLoss", inputs=["p", 1])
    target = torch.ones(shape[:1] + shape[2:] if len(shape) > 1 else ()).long()
    assert torch.equal(found, functional.cross_entropy(logits, target))


@pytest.mark.parametrize("shape", [(6, 4), (4,)])
def test_a_number_is_one_value_an_item_where_the_loss_needs_it(make_manager, shape):
    a, b = torch.randn(shape), torch.randn(shape)
    found = total(make_manager, {"a": a, "b": b}, type="torch.CosineEmbeddingLoss", inputs=["a", "b", -1])
    assert torch.equal(found, functional.cosine_embedding_loss(a, b, -torch.ones(shape[:-1])))


def test_numbers_follow_lists(make_manager):
    logits = [torch.randn(4, 3), torch.randn(4, 3)]
    term = {"type": "torch.CrossEntropyLoss", "inputs": ["p", 2], "lists": "mean"}
    expected = sum(functional.cross_entropy(each, torch.full((4,), 2)) for each in logits) / 2
    assert torch.equal(total(make_manager, {"p": logits}, **term), expected)


@pytest.mark.parametrize("kind", [tuple, list])
def test_a_sequence_of_numbers_is_not_a_list_of_tensors(make_manager, kind):
    """torch.nn.CTCLoss documents lengths as a tuple or a tensor."""
    given = {"p": torch.randn(12, 2, 5).log_softmax(-1), "t": torch.randint(1, 5, (2, 4))}
    lengths = {"n": kind([12, 10]), "m": kind([4, 3])}
    found = total(make_manager, given | lengths, type="torch.CTCLoss", inputs=["p", "t", "n", "m"])
    assert torch.equal(found, functional.ctc_loss(given["p"], given["t"], (12, 10), (4, 3)))


class Output(NamedTuple):
    depth: torch.Tensor
    features: list


@pytest.fixture
def nested():
    """Return a function that puts a tensor into each kind of structure."""
    return {
        "dict": lambda x: {"a": x},
        "ordered": lambda x: OrderedDict(a=x),
        "named tuple": lambda x: Output(x, [x]),
        "all": lambda x: {"a": [Output(x, [(x, None, "name", 3)])]},
    }


KINDS = ["dict", "ordered", "named tuple", "all"]


def leaves(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [leaf for each in value or () for leaf in leaves(each)] if not isinstance(value, str | int) else []


@pytest.mark.parametrize("kind", KINDS)
def test_detach_reaches_through_everything(make_manager, nested, kind):
    fake, real = torch.ones(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    given = {"f": nested[kind](fake * 1), "r": nested[kind](real * 1)}
    found = total(make_manager, given, type="test_inputs.Nested", inputs=["f", "r.detach()"])
    found.backward()
    assert real.grad is None
    assert fake.grad.ne(0).all()
    assert all(each.requires_grad for each in leaves(given["r"]))  # the caller's own are as they were


def test_what_cannot_be_walked_cannot_be_detached(make_manager):
    given = {"f": [torch.ones(1)], "r": {torch.ones(1)}}
    with pytest.raises(LossInputError, match="cannot detach a set: pass tensors, or lists, tuples or map"):
        total(make_manager, given, type="test_inputs.Nested", inputs=["f", "r.detach()"])


@pytest.mark.parametrize("kind", KINDS)
def test_batch_size_and_parameters_are_found_in_everything(nested, kind):
    linear = torch.nn.Linear(2, 3)
    value = nested[kind](linear(torch.ones(5, 2)))
    assert batch_size([(7, 8), None, value]) == 5
    assert reached_parameters([value]) == set(linear.parameters())


def test_a_named_tuple_is_compiled(make_manager, nested):
    given = {"f": nested["all"](torch.ones(3)), "r": nested["all"](torch.zeros(3))}
    objective = make_manager(
        a={"type": "test_inputs.Nested", "inputs": ["f", "r.detach()"]},
        b={"type": "torch.CrossEntropyLoss", "inputs": ["p", 1]},
    ).objective()
    given["p"] = torch.randn(4, 2)
    expected = objective(**given)
    found = torch.compile(objective, backend="eager", fullgraph=True)(**given)
    torch.testing.assert_close(found, expected)


def test_advice_about_lists_works(make_manager):
    given = {"x": [torch.ones(2), torch.zeros(2)], "y": torch.zeros(2)}
    with pytest.raises(LossInputError, match='add `lists = "mean"` '):
        total(make_manager, given)
    assert total(make_manager, given, lists="mean").item() == 0.5
    given["x"] = [given["x"]]
    with pytest.raises(LossInputError, match=r"got a list within the list: .* pass a flat list"):
        total(make_manager, given, lists="mean")
    given["x"] = given["x"][0]
    assert total(make_manager, given, lists="mean").item() == 0.5


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # torch's advice for KLDivLoss
@pytest.mark.parametrize(
    ("type_", "args", "choices"),
    [
        ("torch.L1Loss", {}, ["mean", "sum"]),
        ("torch.KLDivLoss", {"log_target": True}, ["mean", "sum", "batchmean"]),
        ("kornia.TotalVariation", {}, ["mean", "sum"]),
    ],
)
def test_advice_about_a_reduction_works(make_manager, type_, args, choices):
    inputs = ["x"] if type_.startswith("kornia") else ["x", "y"]
    given = {name: torch.rand(2, 3, 4, 4) for name in inputs}
    term = {"type": type_, "inputs": inputs}
    with pytest.raises(LossResultError) as caught:
        total(make_manager, given, args=args | {"reduction": "none"}, **term)
    advised = (
        str(caught.value).partition("set its argument `reduction` to ")[2].replace('"', "").split(" or ")
    )
    assert sorted(advised) == sorted(choices)
    for each in advised:
        assert total(make_manager, given, args=args | {"reduction": each}, **term).dim() == 0


@pytest.mark.parametrize(
    ("result", "wrapped", "message"),
    [
        (lambda each: (each.mean(), 2), lambda pair: pair[0], "got a tuple of 2: wrap it in a function"),
        (lambda each: {"a": each.mean()}, lambda parts: parts["a"], "got a dict of 1: wrap it in a function"),
    ],
)
def test_advice_about_a_loss_without_reduction_works(make_manager, result, wrapped, message):
    def raw(x, y):
        return result((x - y).abs())

    def one(x, y):
        return wrapped(raw(x, y))

    given = {"x": torch.ones(2), "y": torch.zeros(2)}
    register_loss("test_inputs.raw")(raw)
    with pytest.raises(LossResultError, match=message):
        total(make_manager, given, type="test_inputs.raw")
    register_loss("test_inputs.one")(one)
    assert total(make_manager, given, type="test_inputs.one").item() == 1.0


def test_advice_about_a_loss_of_elements_works(make_manager):
    register_loss("test_inputs.elements")(lambda x, y: (x - y).abs())
    given = {"x": torch.ones(2), "y": torch.zeros(2)}
    with pytest.raises(LossResultError, match='add `reduce = "mean"` to the term'):
        total(make_manager, given, type="test_inputs.elements")
    assert total(make_manager, given, type="test_inputs.elements", reduce="mean").item() == 1.0
