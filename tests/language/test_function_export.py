"""Tracing spec functions: the document keeps the parameters where ``${}`` can say what is done with them."""

import math
import operator

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lossspec
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.function_export import Symbol, document_of
from lossspec.language.write import write
from lossspec.schedules import constant
from lossspec.validation.expression import evaluate

CONSTANT = {"type": "constant", "unit": "step", "value": 2.0}


def l1(weight, **keys):
    return {"losses": {"a": {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": weight, **keys}}}


def traced(function):
    table, keeps_params = document_of(lossspec.spec(function))
    return table["losses"]["a"]["weight"], keeps_params


@pytest.mark.parametrize(
    ("function", "weight"),
    [
        (lambda w=2.0: l1(w), "${w}"),
        (lambda w=2.0: l1(-w), "${-w}"),
        (lambda w=2.0: l1(+w), "${w}"),
        (lambda w=2.0: l1(3 * w), "${3 * w}"),
        (lambda w=2.0: l1(w * -3), "${w * -3}"),
        (lambda w=2.0: l1(w / 4), "${w / 4}"),
        (lambda w=2.0: l1(1 / w), "${1 / w}"),
        (lambda w=2.0, v=3.0: l1(w * v), "${w * v}"),
        (lambda w=2.0, v=4.0: l1(w / (v * 2)), "${w / (v * 2)}"),
        (lambda w=2.0, v=4.0: l1(w / (v / 2)), "${w / (v / 2)}"),
        (lambda w=2.0, v=4.0: l1(-w * -v), "${-w * -v}"),
        (lambda w=2.0: l1(1e-05 * w), "${1e-05 * w}"),
        (lambda w=2.0: l1(w + 1), "${w + 1}"),
        (lambda w=0.2: l1(1 - w), "${1 - w}"),
        (lambda w=0.2: l1((1 - w) / 2), "${(1 - w) / 2}"),
        (lambda w=2.0, v=3.0: l1(w - (v - 1)), "${w - (v - 1)}"),
        (lambda w=2.0, v=3.0: l1(w - v - 1), "${w - v - 1}"),
        (lambda w=2.0, v=3.0: l1(-(w + v)), "${-(w + v)}"),
        (lambda w=2.0: l1(w - -1), "${w - -1}"),
        (lambda w=3.0: l1(0.1 * (w * 0.3)), "${0.1 * (w * 0.3)}"),
        (lambda w=2.0: l1(sum([w, 1.0, w])), "${0 + w + 1.0 + w}"),
        (lambda w=2.0: l1(np.float64(0.5) * w), "${0.5 * w}"),
    ],
)
def test_symbols_become_expressions(function, weight):
    assert traced(function) == (weight, True)


@pytest.mark.parametrize(
    ("function", "weight"),
    [
        (lambda w=2.0: l1(w // 1), 2.0),
        (lambda w=True: l1(w + 1), 2),
        (lambda w=2.0: l1(sum([w] * 100)), 200.0),  # longer than an expression can be
        (lambda w=2.0: l1(max(w, 3.0)), 3.0),
        (lambda w=4.0: l1(math.sqrt(w)), 2.0),
        (lambda w=2.0: l1(w**2), 4.0),
        (lambda w=2.0: l1(float(f"{w}")), 2.0),
        (lambda w=2.0: l1(5.0 if w else 6.0), 5.0),
        (lambda w=2.0: l1({2.0: 7.0}[w]), 7.0),
        (lambda mode="a": l1(1.0 if mode == "a" else 2.0), 1.0),
        (lambda w=2.0: l1(constant(value=w, unit="step")), CONSTANT),
    ],
)
def test_other_uses_of_a_parameter_are_filled_in(function, weight):
    found, keeps_params = traced(function)
    assert (found, keeps_params) == (weight, False)


def test_the_newer_keys_keep_their_parameters(tmp_path):
    def fn(gamma=0.8, by=5.0, how="weights", mask="m"):
        lists = {"combine": "mean", "decay": gamma}
        table = l1(1.0, lists=lists, reduce={"weights": mask, "by": how})
        return {"losses": table["losses"] | {"b": l1(1.0, reduce={"by": by * 2})["losses"]["a"]}}

    table, keeps_params = document_of(lossspec.spec(fn))
    assert keeps_params
    assert table["losses"]["a"]["lists"] == {"combine": "mean", "decay": "${gamma}"}
    assert table["losses"]["a"]["reduce"] == {"weights": "${mask}", "by": "${how}"}
    assert table["losses"]["b"]["reduce"] == {"by": "${by * 2}"}
    path = tmp_path / "fn.loss.toml"
    path.write_text(write(table))
    params = {"gamma": 0.5, "by": 3.0, "how": "batch", "mask": "w[*]"}
    assert lossspec.load(path, params=params).digest == lossspec.load(lossspec.spec(fn), params=params).digest


def test_a_function_without_parameters_loses_none():
    assert traced(lambda: l1(2.0)) == (2.0, True)


def test_the_document_follows_the_function_with_other_values(tmp_path):
    @lossspec.spec
    def fn(w: float = 2.0, mode: str = "mean"):
        return l1(w / 8, args={"reduction": mode})

    from lossspec.language.write import write

    table, _ = document_of(fn)
    path = tmp_path / "fn.loss.toml"
    path.write_text(write(table))
    for params in ({}, {"w": 5.0}, {"mode": "sum", "w": 0.1}):
        assert lossspec.load(path, params).digest == lossspec.load(fn, params).digest


def test_an_invalid_function_gives_the_reason():
    with pytest.raises(SpecError, match="wieght"):
        document_of(lossspec.spec(lambda w=1.0: l1(w, wieght=3)))


steps = st.lists(
    st.tuples(st.sampled_from(["+", "-", "*", "/"]), st.booleans(), st.floats(-9, 9) | st.integers(-9, 9)),
    max_size=8,
)
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@given(steps, st.sampled_from([3.0, 3]))
def test_a_symbol_computes_what_its_value_would(steps, start):
    symbol, value = Symbol("w"), start
    for mark, is_left, number in steps:
        compute = OPERATORS[mark]
        pair = (number, value) if is_left else (value, number)
        assume(mark != "/" or pair[1] != 0)
        symbol = compute(number, symbol) if is_left else compute(symbol, number)
        symbol, value = -symbol, -compute(*pair)
    found = evaluate(symbol.expression, {"w": start})
    assert (type(found), repr(found)) == (type(value), repr(value))
