"""Tracing spec functions: the document keeps the parameters where ``${}`` can say what is done with them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lossspec
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.function_export import Symbol, document_of
from lossspec.language.text.expression import evaluate
from lossspec.schedules import constant

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
        (lambda w=2.0: l1(w * -3), "${-w * 3}"),
        (lambda w=2.0: l1(w / 4), "${w / 4}"),
        (lambda w=2.0: l1(1 / w), "${1 / w}"),
        (lambda w=2.0, v=3.0: l1(w * v), "${w * v}"),
        (lambda w=2.0, v=4.0: l1(w / (v * 2)), "${w / v / 2}"),
        (lambda w=2.0, v=4.0: l1(w / (v / 2)), "${w / v * 2}"),
        (lambda w=2.0, v=4.0: l1(-w * -v), "${w * v}"),
        (lambda w=2.0: l1(1e-05 * w), "${1e-05 * w}"),
    ],
)
def test_symbols_become_expressions(function, weight):
    assert traced(function) == (weight, True)


@pytest.mark.parametrize(
    ("function", "weight"),
    [
        (lambda w=2.0: l1(w + 1), 3.0),
        (lambda w=2.0: l1(max(w, 3.0)), 3.0),
        (lambda w=4.0: l1(math.sqrt(w)), 2.0),
        (lambda w=2.0: l1(w**2), 4.0),
        (lambda w=2.0: l1(float(f"{w}")), 2.0),
        (lambda w=2.0: l1(5.0 if w else 6.0), 5.0),
        (lambda w=2.0: l1({2.0: 7.0}[w]), 7.0),
        (lambda mode="a": l1(1.0 if mode == "a" else 2.0), 1.0),
        (lambda w=3.0: l1(0.1 * (w * 0.3)), 0.1 * (3.0 * 0.3)),  # rounding: ${} goes left to right
        (lambda w=2.0: l1(constant(value=w, unit="step")), CONSTANT),
    ],
)
def test_other_uses_of_a_parameter_are_filled_in(function, weight):
    found, keeps_params = traced(function)
    assert (found, keeps_params) == (weight, False)


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
    st.tuples(st.sampled_from(["*", "/", "r*", "r/", "-"]), st.floats(-9, 9).filter(lambda x: abs(x) > 0.1))
)


@given(steps)
def test_a_symbol_computes_what_its_value_would(steps):
    symbol, value = Symbol("w"), 3.0
    for operator, number in steps:
        if operator == "*":
            symbol, value = symbol * number, value * number
        elif operator == "/":
            symbol, value = symbol / number, value / number
        elif operator == "r*":
            symbol, value = number * symbol, number * value
        elif operator == "r/":
            symbol, value = number / symbol, number / value
        else:
            symbol, value = -symbol, -value
    assert evaluate(symbol.expression, {"w": 3.0}) == pytest.approx(value)
