"""Expressions: arithmetic as Python computes it, on numbers only, and nothing else."""

import ast
import math
import operator
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.validation.expression import PATTERN, ExpressionError, evaluate, names

PARAMS = {
    "a": 3.0,
    "b": 4,
    "yes": True,
    "mode": "lsgan",
    "zero": 0.0,
    "huge": 1e300,
    "lambda": 0.5,
    "large": 2**62,
}


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
        ("${a + b}", 7.0),
        ("${1 - a}", -2.0),
        ("${b - 1}", 3),
        ("${b / 2}", 2.0),
        ("${1 + b * 2}", 9),
        ("${(1 + b) * 2}", 10),
        ("${10 - 4 - 3}", 3),
        ("${12 / (b / 2)}", 6.0),
        ("${(a)}", 3.0),
        ("${((b))}", 4),
        ("${-(b - 1) * 2}", -6),
        ("${b*-2}", -8),
        ("${b - -2}", 6),
        ("${--b}", 4),
        ("${ ( ( b + 1 ) * 2 ) }", 10),
        ("${lambda * (1 - lambda)}", 0.25),
        ("${9223372036854775807 - b}", 9223372036854775803),
        ("${1 / 3 * 3}", 1.0),
    ],
)
def test_values(text, value):
    found = evaluate(text, PARAMS)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("${a ** b}", "bad-expression", "is not a valid expression"),
        ("${}", "bad-expression", "is not a valid expression"),
        ("x${a}", "bad-expression", "is not a valid expression"),
        ("${a}${b}", "bad-expression", "is not a valid expression"),
        ("${a}\n", "bad-expression", "is not a valid expression"),
        ("${a //b}", "bad-expression", "is not a valid expression"),
        ("${a % b}", "bad-expression", "is not a valid expression"),
        ("${+a}", "bad-expression", "is not a valid expression"),
        ("${a b}", "bad-expression", "is not a valid expression"),
        ("${a +}", "bad-expression", "is not a valid expression"),
        ("${()}", "bad-expression", "is not a valid expression"),
        ("${a(b)}", "bad-expression", "is not a valid expression"),
        ("${a.b}", "bad-expression", "is not a valid expression"),
        ("${0x1f}", "bad-expression", "is not a valid expression"),
        ("${1_000}", "bad-expression", "is not a valid expression"),
        ("${1.}", "bad-expression", "is not a valid expression"),
        ("${a <b}", "bad-expression", "is not a valid expression"),
        ("${a\t+ b}", "bad-expression", "is not a valid expression"),
        ("${\u0661 + a}", "bad-expression", "is not a valid expression"),
        ("${(a}", "bad-expression", "has 1 `(` and 0 `)`"),
        ("${a) * (b + 1}", "bad-expression", "closes a parenthesis before it is opened"),
        ("${(a))}", "bad-expression", "has 1 `(` and 2 `)`"),
        ("${" + "(" * 33 + "a" + ")" * 33 + "}", "bad-expression", "has 33 parentheses, of at most 32"),
        ("${" + "a + " * 63 + "b }", "bad-expression", "has 257 characters, of at most 256"),
        ("${__import__('os')}", "bad-expression", "is not a valid expression"),
        ("${lamda}", "unknown-param", "unknown parameter `lamda`"),
        ("${aa * 2}", "unknown-param", "unknown parameter `aa`"),
        ("${yes * 2}", "bad-expression", "got a boolean"),
        ("${-mode}", "bad-expression", "got a string"),
        ("${(mode)}", "bad-expression", "got a string"),
        ("${yes + 1}", "bad-expression", "parameter `yes` must be a number to compute with, got a boolean"),
        ("${1 / (a - 3)}", "bad-expression", "divides by zero"),
        ("${b / (b - 4)}", "bad-expression", "divides by zero"),
        ("${zero * (1 / zero)}", "bad-expression", "divides by zero"),
        ("${large * 2}", "out-of-range", "exceeds the 64 bits of a whole number"),
        ("${large + large - large}", "out-of-range", "exceeds the 64 bits of a whole number"),
        ("${9223372036854775808}", "out-of-range", "exceeds the 64 bits of a whole number"),
        ("${1 / (huge * huge)}", "not-finite", "is not finite"),
        ("${1e999 * zero}", "not-finite", "is not finite"),
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


def test_the_limits_are_what_still_works():
    assert evaluate("${" + "(" * 32 + "b" + ")" * 32 + "}", PARAMS) == 4
    longest = "${" + "b + " * 63 + "b}"
    assert len(longest) == 256
    assert evaluate(longest, PARAMS) == 64 * 4
    assert evaluate("${" + "-" * 252 + "b}", PARAMS) == 4


#: Python's own trees, which Python writes as text: where parentheses are due is its decision.
leaves = st.one_of(
    st.sampled_from([ast.Name(name, ast.Load()) for name in ("a", "b", "zero", "huge", "large")]),
    st.integers(0, 2**63).map(ast.Constant),
    st.floats(min_value=0, max_value=1e300).map(ast.Constant),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(ast.BinOp, inner, st.sampled_from([ast.Add(), ast.Sub(), ast.Mult(), ast.Div()]), inner),
        st.builds(ast.UnaryOp, st.just(ast.USub()), inner),
    ),
    max_leaves=12,
)
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def value_of(tree):
    """Compute a tree with Python's operators, or return the code of the first problem."""
    match tree:
        case ast.Constant():
            value = tree.value
        case ast.Name():
            value = PARAMS[tree.id]
        case ast.UnaryOp():
            inner = value_of(tree.operand)
            value = inner if isinstance(inner, str) else -inner
        case _:
            left = value_of(tree.left)
            right = left if isinstance(left, str) else value_of(tree.right)
            if isinstance(right, str):
                return right
            if isinstance(tree.op, ast.Div) and right == 0:
                return "bad-expression"
            value = OPERATORS[type(tree.op)](left, right)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "out-of-range"
    return "not-finite" if isinstance(value, float) and not math.isfinite(value) else value


def value_or_code(text, params):
    try:
        return evaluate(text, params)
    except ExpressionError as error:
        return error.code


@given(trees)
def test_an_expression_is_what_python_computes(tree):
    text = f"${{{ast.unparse(tree)}}}"
    if len(text) > 256:
        return
    expected, found = value_of(tree), value_or_code(text, PARAMS)
    assert (type(found), repr(found)) == (type(expected), repr(expected))
    used = [each.id for each in ast.walk(tree) if isinstance(each, ast.Name)]
    assert sorted(names(text)) == sorted(used)


@given(st.text(alphabet="ab12.e+-*/() ", max_size=40))
def test_what_python_does_not_parse_is_invalid(text):
    """And what Python parses has the same value, or is a form that is left out: ``//``, ``+a``, ``1.``."""
    try:
        expected = value_of(ast.parse(text.strip(" "), mode="eval").body)
    except (SyntaxError, KeyError, AttributeError, TypeError, ValueError, OverflowError):
        expected = None
    found = value_or_code(f"${{{text}}}", {"a": 3.0, "b": 4})
    if not isinstance(found, str):
        assert found == expected


@given(st.lists(st.tuples(st.sampled_from("*/"), st.integers(1, 10**6)), max_size=8), st.integers(-99, 99))
def test_a_chain_of_whole_numbers_is_the_fraction(steps, first):
    text = f"${{{first}" + "".join(f" {mark} {number}" for mark, number in steps) + "}"
    exact = Fraction(first)
    for mark, number in steps:
        exact = exact * number if mark == "*" else exact / number
    found = value_or_code(text, {})
    if found != "out-of-range":  # on the way, or in the end
        assert found == pytest.approx(float(exact), rel=1e-14)


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_every_repr_of_a_number_is_a_valid_operand(number):
    assert evaluate(f"${{{number!r}}}", {}) == number
    assert evaluate(f"${{-{number!r} * 0.5}}", {}) == number * -0.5


def test_the_pattern_takes_linear_time():
    """A pattern that backtracks would take hours for these."""
    for part in ("a * ", "((", "))", "- ", "a) + (", "1e", "  "):
        assert re.match(PATTERN, "${a" + part * 20_000 + "!}") is None


def test_an_unknown_parameter_suggests_the_nearest():
    with pytest.raises(ExpressionError) as caught:
        evaluate("${2 * lambda_ll / lambda_lll}", {"lambda_l1": 1.0})
    assert caught.value.help == "a parameter with a similar name exists: `lambda_l1`"
    assert caught.value.replacement == "${2 * lambda_l1 / lambda_lll}"
