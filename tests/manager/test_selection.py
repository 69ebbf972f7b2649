"""References that select: ``pred_fake[*][-1]``, ``feats[:-1]``, ``out.depth``."""

from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lossspec import LossManager, register_balancer, register_loss
from lossspec.errors import LossInputError
from lossspec.language.model import Balance, Input, ObjectiveSpec, Spec, Term
from lossspec.language.text.selection import parse_selection
from lossspec.manager.loss.select import lacks, select


class Output(NamedTuple):
    depth: torch.Tensor
    scales: list


class Fields:
    """An object with an attribute, which no selector may reach."""

    depth = torch.ones(2)


def pick(text, value):
    selection = parse_selection(text)
    return select("`a`", Input(selection.name, selectors=selection.selectors), value)


VALUES = {
    "list": [0, 1, 2, 3],
    "tuple": (0, 1, 2, 3),
    "nested": [[0, 1], [2, 3, 4]],
    "dict": {"depth": 5, "levels": [6, 7]},
    "named": Output(8, [9, 10]),
    "ordered": OrderedDict(depth=11),
    "mixed": [{"depth": 12}, Output(13, [])],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("list", [0, 1, 2, 3]),
        ("list[0]", 0),
        ("list[-1]", 3),
        ("tuple[1]", 1),
        ("list[:-1]", [0, 1, 2]),
        ("tuple[1:]", (1, 2, 3)),
        ("list[1:3][0]", 1),
        ("list[-2:]", [2, 3]),
        ("list[:]", [0, 1, 2, 3]),
        ("nested[*][-1]", [1, 4]),
        ("nested[*][:1]", [[0], [2]]),
        ("nested[1][*]", [2, 3, 4]),
        ("nested[:1][*][1]", [1]),
        ("dict.depth", 5),
        ("dict.levels[1]", 7),
        ("named.depth", 8),
        ("named.scales[*]", [9, 10]),
        ("named[0]", 8),
        ("ordered.depth", 11),
        ("mixed[*].depth", [12, 13]),
    ],
)
def test_a_reference_selects(text, expected):
    assert pick(text, VALUES[parse_selection(text).name]) == expected


@given(st.lists(st.integers(), min_size=1, max_size=6), st.integers(-7, 7), st.integers(-7, 7))
def test_indices_and_slices_are_those_of_python(values, start, stop):
    if values[start:stop]:
        assert select("`a`", Input("x", selectors=((start, stop),)), values) == values[start:stop]
    if -len(values) <= start < len(values):
        assert select("`a`", Input("x", selectors=(start,)), values) == values[start]


IMAGE = torch.zeros(4, 3)
FOUND = "got a float32 tensor of shape (4, 3)"


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("x[-1]", IMAGE, f"`[-1]` applies to a list or a tuple, {FOUND} as `x`"),
        ("x[:2]", IMAGE, f"`[:2]` applies to a list or a tuple, {FOUND} as `x`"),
        ("x[*]", IMAGE, f"`[*]` applies to a list or a tuple, {FOUND} as `x`"),
        ("x[*][-1]", [IMAGE], f"`[-1]` applies to a list or a tuple, {FOUND} as `x[*]`"),
        ("x.real", IMAGE, f"`.real` applies to a mapping or a named tuple, {FOUND} as `x`"),
        ("x.depth", Fields(), "`.depth` applies to a mapping or a named tuple, got a Fields as `x`"),
        ("x.append", [IMAGE], "`.append` applies to a mapping or a named tuple, got a list of 1 as `x`"),
        ("x[0]", {"depth": IMAGE}, "`[0]` applies to a list or a tuple, got a dict of 1 as `x`"),
        ("x[0]", "text", "`[0]` applies to a list or a tuple, got the str 'text' as `x`"),
        ("x[0]", None, "`[0]` applies to a list or a tuple, got None as `x`"),
        ("x[2]", [IMAGE] * 2, "`x` has length 2"),
        ("x[-3]", (IMAGE,) * 2, "`x` has length 2"),
        ("x[2:]", [IMAGE] * 2, "`x[2:]` is empty, `x` has length 2"),
        ("x[*]", [], "`x[*]` is empty, `x` has length 0"),
        ("x[1][:0]", [[], [IMAGE]], "`x[1][:0]` is empty, `x[1]` has length 1"),
        ("x.dept", {"depth": IMAGE}, "unknown key `dept` of `x`: a key with a similar name exists: `depth`"),
        ("x.count", Output(IMAGE, []), "unknown key `count` of `x`: expected one of `depth`, `scales`"),
        ("x.a.b", {"a": {}}, "unknown key `b` of `x.a`: there are none"),
    ],
)
def test_a_selector_that_does_not_fit_is_an_error(make_manager, text, value, message):
    manager = make_manager(a={"inputs": [text, "y"]})
    with pytest.raises(LossInputError) as raised:
        manager.objective()(x=value, y=IMAGE)
    assert str(raised.value) == f"`a` cannot take `{text}`: {message}"
    assert raised.value.__notes__[0].startswith("in the term `a` of the objective `total`")


def outputs():
    """The features of two discriminators of three layers."""
    torch.manual_seed(1)
    return [[torch.rand(2, n, requires_grad=True) for n in (3, 4, 5)] for _ in range(2)]


def test_only_the_last_of_each_gets_a_gradient(make_manager):
    scales = outputs()
    manager = make_manager(
        gan={"type": "torch.MSELoss", "inputs": ["pred[*][-1]", 1.0], "lists": "sum"},
        first={"inputs": [("target", "pred[0][0].detach"), ("input", "out.depth")]},
    )
    objective = manager.objective()
    assert objective.needed() == {"pred", "out"}
    depth = torch.rand(2, 3, requires_grad=True)
    total = objective(pred=scales, out={"depth": depth, "other": torch.rand(1)})
    expected = sum(((each[-1] - 1) ** 2).mean() for each in scales)
    expected = expected + (depth - scales[0][0].detach()).abs().mean()
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)
    total.backward()
    assert scales[1][-1].grad is not None
    assert scales[0][0].grad is None
    assert depth.grad is not None


def test_a_loss_of_lists_gets_a_part(make_manager):
    fake, real = outputs()
    term = {"type": "lossspec.FeatureMatchingLoss", "inputs": ["f[:-1]", "r[:-1].detach"]}
    real = [torch.zeros_like(each) for each in fake]
    total = make_manager(a=term).objective()(f=fake, r=real)
    expected = sum((a - b).abs().mean() for a, b in zip(fake[:2], real[:2], strict=True))
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("kind", ["dict", "named", "ordered"])
def test_it_compiles_to_one_graph(compiled, make_manager, kind):
    manager = make_manager(
        a={"inputs": ["out.depth", "y"]},
        b={"inputs": ["out.scales[*][-1]", 0.0], "lists": "mean"},
        c={"inputs": ["out.scales[:1][0][0].detach", "y"]},
    )
    objective, counter = compiled(manager.objective())
    make = {"dict": dict, "named": Output, "ordered": OrderedDict}[kind]
    for _ in range(3):
        depth, parts, y = torch.rand(2), [[torch.rand(2), torch.rand(2)] for _ in range(2)], torch.rand(2)
        found = objective(out=make(depth=depth, scales=parts), y=y)
        expected = (depth - y).abs().mean() + (parts[0][0] - y).abs().mean()
        expected += (parts[0][1].abs().mean() + parts[1][1].abs().mean()) / 2
        assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    assert counter.frame_count == 1


@pytest.mark.parametrize(
    ("text", "value", "is_lacking"),
    [
        ("x", None, True),
        ("x", IMAGE, False),
        ("x.a", {}, True),
        ("x.a", {"a": None}, True),
        ("x.a", Output(IMAGE, []), True),
        ("x.depth", Output(None, []), True),
        ("x.a[0].b", {"a": [{"b": IMAGE}]}, False),
        ("x.a[0].b", {"a": [{}]}, True),
        ("x[*].a", [{"a": IMAGE}, {}], True),
        ("x[1:][0].a", [{}, {"a": IMAGE}], False),
        ("x[-1].a", [{"a": IMAGE}, {}], True),
        ("x[5].a", [{}], False),  # an error: not a missing tensor
        ("x.a", IMAGE, False),
        ("x[0]", [None], True),
    ],
)
def test_only_what_is_absent_or_none_is_missing(text, value, is_lacking):
    assert lacks(value, parse_selection(text).selectors) is is_lacking


@pytest.fixture(scope="module", autouse=True)
def _balancer():

    @register_balancer("test_selection.Balance")
    class Half(nn.Module):
        """Weighs each loss by the mean of a tensor."""

        def __init__(self, losses):
            super().__init__()

        def forward(self, values, weights, tensor):
            scale = tensor.mean().item()
            return sum(values.values()) * scale, dict.fromkeys(values, scale)

    @register_loss("test_selection.First")
    class First(nn.Module):
        """The mean of the first."""

        def forward(self, first):
            return first.mean()


def test_the_inputs_of_a_balance_select():
    term = Term("a", "test_selection.First", (Input("x"),))
    balance = Balance("test_selection.Balance", ("a",), inputs=(Input("layers", selectors=(-1,)),))
    spec = Spec("s", "s", {"a": term}, {"total": ObjectiveSpec("total", 1.0, balance)})
    objective = LossManager.from_spec(spec).objective()
    assert objective.needed() == {"x", "layers"}
    total = objective(x=torch.ones(2), layers=[torch.zeros(1), torch.full((2,), 3.0)])
    assert total.item() == 3.0
    with pytest.raises(LossInputError) as raised:
        objective(x=torch.ones(2), layers=torch.ones(2))
    assert str(raised.value) == (
        "the balance of `total` cannot take `layers[-1]`: `[-1]` applies to a list or a tuple, got a float32 "
        "tensor of shape (2,) as `layers`"
    )
