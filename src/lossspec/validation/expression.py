"""Evaluates ``"${...}"``: arithmetic on parameters and numbers, as Python computes it.

The grammar::

    sum      product (("+" | "-") product)*
    product  unary (("*" | "/") unary)*
    unary    "-"* (NAME | NUMBER | "(" sum ")")

Python's own ``ast.parse`` would read more and less than this: ``lambda``, the usual name of a weight, is a
keyword there, ``0x1f`` and ``1_000`` are numbers, and how deep it nests depends on its version.

>>> from lossspec.validation.expression import evaluate
>>> evaluate("${(1 - lambda_idt) * lambda_B / 2}", {"lambda_idt": 0.5, "lambda_B": 10})
2.5
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

MAX_LENGTH = 256
MAX_PARENTHESES = 32
#: TOML's whole numbers have 64 bits.
_LARGEST = 2**63 - 1
_OPERAND = r"(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
#: An expression, in the common subset of Python's and JSON Schema's regular expressions. It does not see
#: whether parentheses match.
PATTERN = rf"^\$\{{[ (-]*{_OPERAND}[ )]*(?:[-+*/][ (-]*{_OPERAND}[ )]*)*\}}$"

_match = re.compile(PATTERN[1:-1], re.ASCII).fullmatch
_tokens = re.compile(rf"{_OPERAND}|[-+*/()]", re.ASCII).findall


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

    >>> names("${-a * (2 - b)}")
    ('a', 'b')
    """
    return tuple(token for token in _tokens(expression) if token[0].isalpha() or token[0] == "_")


def evaluate(expression: str, params: Mapping[str, Scalar]) -> Scalar:
    """Return the value of an expression. A parameter alone keeps its type; arithmetic takes only numbers.

    ``+``, ``-`` and ``*`` of whole numbers give a whole number; ``/`` always gives a float.

    Raises:
        ExpressionError: it is malformed, too long, or has too many parentheses; it names an unknown
            parameter, computes with something other than a number, or divides by zero; a result on the way
            is not finite, or a whole number of more than 64 bits.
    """
    if len(expression) > MAX_LENGTH:
        raise _bad(expression, f"has {len(expression)} characters, of at most {MAX_LENGTH}")
    if _match(expression) is None:
        raise _bad(expression, "is not a valid expression", EXPRESSION_HELP)
    tokens = _tokens(expression)
    if len(tokens) == 1:
        return _Arithmetic(expression, tokens, params).operand(tokens[0])
    opened, closed = tokens.count("("), tokens.count(")")
    if opened > MAX_PARENTHESES:
        raise _bad(expression, f"has {opened} parentheses, of at most {MAX_PARENTHESES}")
    if opened != closed:
        raise _bad(expression, f"has {opened} `(` and {closed} `)`", "close each parenthesis that is opened")
    return _Arithmetic(expression, tokens, params).result()


class _Arithmetic:
    """Evaluates the tokens of an expression from left to right.

    Args:
        expression: the expression, for messages.
        tokens: its names, numbers, operators and parentheses.
        params: the value of each parameter.
    """

    def __init__(self, expression: str, tokens: list[str], params: Mapping[str, Scalar]) -> None:
        self._expression, self._params = expression, params
        self._tokens = tokens[::-1]  # the next one is the last

    def result(self) -> float:
        """Return the value of all tokens."""
        value = self._sum()
        if self._tokens:
            raise _bad(self._expression, "closes a parenthesis before it is opened")
        return value

    def operand(self, token: str) -> Scalar:
        """Return the value of a name or a number."""
        if token.isdigit():
            return self._checked(int(token))
        if token[0].isdigit():
            return self._checked(float(token))
        if token not in self._params:
            found = nearest(token, self._params)
            replacement = re.sub(rf"\b{token}\b", found, self._expression) if found else None
            help_ = near_or_all("a parameter", found, self._params)
            raise ExpressionError(
                "unknown-param", f"unknown parameter `{shorten(token)}`", help_, replacement
            )
        return self._params[token]

    def _sum(self) -> float:
        value = self._product()
        while operator := self._take("+-"):
            other = self._product()
            value = self._checked(value + other if operator == "+" else value - other)
        return value

    def _product(self) -> float:
        value = self._unary()
        while operator := self._take("*/"):
            other = self._unary()
            if operator == "/" and other == 0:
                raise _bad(self._expression, "divides by zero")
            value = self._checked(value * other if operator == "*" else value / other)
        return value

    def _unary(self) -> float:
        is_negative = False
        while self._take("-"):
            is_negative = not is_negative
        if self._take("("):
            value = self._sum()
            self._tokens.pop()  # it is closed: there are as many of each, and none was closed before
        else:
            value = self._number(self._tokens.pop())
        return -value if is_negative else value

    def _take(self, marks: str) -> str:
        """Return the next token if it is one of these marks, "" otherwise."""
        return self._tokens.pop() if self._tokens and self._tokens[-1] in marks else ""

    def _number(self, token: str) -> float:
        value = self.operand(token)
        if isinstance(value, bool | str):
            kind = "a boolean" if isinstance(value, bool) else "a string"
            raise ExpressionError(
                "bad-expression", f"parameter `{token}` must be a number to compute with, got {kind}"
            )
        return self._checked(value)

    def _checked(self, value: float) -> float:
        if isinstance(value, int):
            if not -_LARGEST - 1 <= value <= _LARGEST:
                message = f"`{shorten(self._expression)}` exceeds the 64 bits of a whole number"
                raise ExpressionError("out-of-range", message, "compute with floats: write `2.0` for `2`")
        elif not math.isfinite(value):
            raise ExpressionError("not-finite", f"`{shorten(self._expression)}` is not finite")
        return value


def _bad(expression: str, what: str, help_: str = "") -> ExpressionError:
    return ExpressionError("bad-expression", f"`{shorten(expression)}` {what}", help_)
