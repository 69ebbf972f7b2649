"""Evaluates ``"${...}"``: parameters and numbers, multiplied and divided.

>>> from lossspec.language.text.expression import evaluate
>>> evaluate("${-lambda_idt * lambda_B / 2}", {"lambda_idt": 0.5, "lambda_B": 10.0})
-2.5
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from lossspec.names import near_or_all, nearest, shorten
from lossspec.wording import EXPRESSION_HELP

if TYPE_CHECKING:
    from collections.abc import Mapping

Scalar = bool | int | float | str

_LARGEST = 2**63
_OPERAND = r"(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
#: An expression, in the common subset of Python's and JSON Schema's regular expressions.
PATTERN = rf"^\$\{{ *-? *{_OPERAND}(?: *[*/] *{_OPERAND})* *\}}$"

_match = re.compile(PATTERN[1:-1], re.ASCII).fullmatch
_tokens = re.compile(rf"{_OPERAND}|[*/-]", re.ASCII).findall


class ExpressionError(ValueError):
    """An expression that cannot be evaluated.

    Attributes:
        code: the code of the problem.
        help: what to do about it, or "".
        replacement: the expression with the nearest known parameter, or None.
    """

    def __init__(self, code: str, message: str, help_: str = "", replacement: str | None = None) -> None:
        super().__init__(message)
        self.code, self.help, self.replacement = code, help_, replacement


def names(expression: str) -> tuple[str, ...]:
    """Return the parameters in an expression, in order.

    >>> names("${-a * 2 / b}")
    ('a', 'b')
    """
    return tuple(token for token in _tokens(expression) if token[0].isalpha() or token[0] == "_")


def evaluate(expression: str, params: Mapping[str, Scalar]) -> Scalar:
    """Return the value of an expression. A parameter alone keeps its type; arithmetic takes only numbers.

    Raises:
        ExpressionError: it is malformed, names an unknown parameter, multiplies or divides something other
            than a number, divides by zero, or is not finite.
    """
    if _match(expression) is None:
        raise ExpressionError(
            "bad-expression", f"`{shorten(expression)}` is not a valid expression", EXPRESSION_HELP
        )
    tokens = _tokens(expression)
    negative = tokens[0] == "-"
    operands = tokens[negative:]
    if not negative and len(operands) == 1:
        return _operand(operands[0], params, expression)
    value = _number(operands[0], params, expression)
    for operator, operand in zip(operands[1::2], operands[2::2], strict=True):
        other = _number(operand, params, expression)
        if operator == "/" and other == 0:
            raise ExpressionError("bad-expression", f"`{expression}` divides by zero")
        value = value * other if operator == "*" else value / other
        if not -_LARGEST <= value <= _LARGEST:
            value = float(value)  # a product of integers must not grow without limit
    if not math.isfinite(value):
        raise ExpressionError("not-finite", f"`{expression}` is not finite")
    return -value if negative else value


def _operand(token: str, params: Mapping[str, Scalar], expression: str) -> Scalar:
    if token[0].isdigit():
        return int(token) if token.isdigit() else float(token)
    if token not in params:
        found = nearest(token, params)
        replacement = re.sub(rf"\b{token}\b", found, expression) if found else None
        help_ = near_or_all("a parameter", found, params)
        raise ExpressionError("unknown-param", f"unknown parameter `{token}`", help_, replacement)
    return params[token]


def _number(token: str, params: Mapping[str, Scalar], expression: str) -> float:
    value = _operand(token, params, expression)
    if isinstance(value, bool | str):
        kind = "a boolean" if isinstance(value, bool) else "a string"
        message = f"parameter `{token}` must be a number to be multiplied or divided, got {kind}"
        raise ExpressionError("bad-expression", message)
    return value
