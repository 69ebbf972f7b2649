"""Expressions: whole values, products and quotients from left to right, nothing else."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.language.text.expression import PATTERN, ExpressionError, evaluate, names

PARAMS = {"a": 3.0, "b": 4, "yes": True, "mode": "lsgan", "zero": 0.0, "huge": 1e300}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${a}", 3.0),
        ("${ a }", 3.0),
        ("${b}", 4),
        ("${yes}", True),
        ("${mode}", "lsgan"),
        ("${-a}", -3.0),
        ("${- a}", -3.0),
        ("${a * b}", 12.0),
        ("${a*b}", 12.0),
        ("${a / b}", 0.75),
        ("${-a / b * 2}", -1.5),
        ("${2 / a / b}", 2 / 3 / 4),
        ("${b * b}", 16),
        ("${2}", 2),
        ("${2.5}", 2.5),
        ("${1e-3 * a}", 3e-3),
    ],
)
def test_values(text, value):
    found = evaluate(text, PARAMS)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("${a + b}", "bad-expression", "is not a valid expression"),
        ("${a - b}", "bad-expression", "is not a valid expression"),
        ("${(a)}", "bad-expression", "is not a valid expression"),
        ("${a ** b}", "bad-expression", "is not a valid expression"),
        ("${}", "bad-expression", "is not a valid expression"),
        ("x${a}", "bad-expression", "is not a valid expression"),
        ("${a}${b}", "bad-expression", "is not a valid expression"),
        ("${a}\n", "bad-expression", "is not a valid expression"),
        ("${a*-b}", "bad-expression", "is not a valid expression"),
        ("${__import__('os')}", "bad-expression", "is not a valid expression"),
        ("${lamda}", "unknown-param", "unknown parameter `lamda`"),
        ("${aa * 2}", "unknown-param", "unknown parameter `aa`"),
        ("${yes * 2}", "bad-expression", "got a boolean"),
        ("${-mode}", "bad-expression", "got a string"),
        ("${a / zero}", "bad-expression", "divides by zero"),
        ("${a / 0}", "bad-expression", "divides by zero"),
        ("${huge * huge}", "not-finite", "is not finite"),
        ("${huge / 1e-300}", "not-finite", "is not finite"),
    ],
)
def test_invalid_expressions(text, code, message):
    with pytest.raises(ExpressionError, match=re.escape(message)) as caught:
        evaluate(text, PARAMS)
    assert caught.value.code == code


def test_a_message_cuts_a_long_expression():
    with pytest.raises(ExpressionError) as caught:
        evaluate("${" + "a+" * 10_000 + "}", PARAMS)
    assert len(str(caught.value)) < 200


operands = st.one_of(st.sampled_from(["a", "b"]), st.integers(1, 9).map(str))


@given(st.lists(st.tuples(st.sampled_from("*/"), operands), max_size=5), operands, st.booleans())
def test_a_symbol_equals_python_arithmetic(rest, first, negative):
    text = ("-" if negative else "") + first + "".join(f" {op} {each}" for op, each in rest)
    product = eval(text.lstrip("-"), {}, PARAMS)
    assert evaluate(f"${{{text}}}", PARAMS) == (-product if negative else product)
    assert all(name in PARAMS for name in names(f"${{{text}}}"))


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_every_repr_of_a_number_is_a_valid_operand(number):
    assert evaluate(f"${{{number!r}}}", {}) == number
    assert math.isfinite(evaluate(f"${{{number!r} * 0.5}}", {}))


def test_the_pattern_takes_linear_time():
    """A pattern that backtracks would take hours for this."""
    assert re.match(PATTERN, "${" + "a * " * 20_000 + "!}") is None


def test_an_unknown_parameter_suggests_the_nearest():
    with pytest.raises(ExpressionError) as caught:
        evaluate("${2 * lambda_ll / lambda_lll}", {"lambda_l1": 1.0})
    assert caught.value.help == "a parameter with a similar name exists: `lambda_l1`"
    assert caught.value.replacement == "${2 * lambda_l1 / lambda_lll}"
