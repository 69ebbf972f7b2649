"""Turns a Python spec function into a document that keeps its parameters.

The function is called with symbols, which support what ``${}`` can express. A function that needs more of a
parameter, such as its value, is called with the defaults instead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.findings import Findings
from lossspec.language.documents.document import make_draft
from lossspec.language.load import load_draft
from lossspec.language.model import digest
from lossspec.language.resolve.merge import merge
from lossspec.scalars import plain_number
from lossspec.validation.expression import MAX_LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.language.function import SpecFunction
    from lossspec.language.model import Spec
    from lossspec.validation.expression import Scalar

Table = dict[str, object]
_SUM, _PRODUCT, _UNARY = 1, 2, 3
_NO_VALUE = "a parameter has no value while a spec function is exported"
_TOO_LONG = f"an expression has at most {MAX_LENGTH} characters"


class Symbol:
    """A parameter, or arithmetic on parameters and numbers, written as an expression.

    The text keeps the order in which Python computes, so the expression gives the same float.

    >>> str_of = lambda symbol: symbol.expression
    >>> str_of(2 * Symbol("a") / Symbol("b")), str_of(1 - (Symbol("a") - 3))
    ('${2 * a / b}', '${1 - (a - 3)}')

    Args:
        text: the expression, without ``${}``.
        rank: how tightly its last operation binds: one of ``_SUM``, ``_PRODUCT`` and ``_UNARY``.
    """

    def __init__(self, text: str, rank: int = _UNARY) -> None:
        self._text, self._rank = text, rank
        if len(self.expression) > MAX_LENGTH:
            raise TypeError(_TOO_LONG)

    @property
    def expression(self) -> str:
        """The expression that a document has for it."""
        return f"${{{self._text}}}"

    def __add__(self, other: object) -> Symbol:
        return _joined(self, "+", other, _SUM)

    def __radd__(self, other: object) -> Symbol:
        return _joined(other, "+", self, _SUM)

    def __sub__(self, other: object) -> Symbol:
        return _joined(self, "-", other, _SUM)

    def __rsub__(self, other: object) -> Symbol:
        return _joined(other, "-", self, _SUM)

    def __mul__(self, other: object) -> Symbol:
        return _joined(self, "*", other, _PRODUCT)

    def __rmul__(self, other: object) -> Symbol:
        return _joined(other, "*", self, _PRODUCT)

    def __truediv__(self, other: object) -> Symbol:
        return _joined(self, "/", other, _PRODUCT)

    def __rtruediv__(self, other: object) -> Symbol:
        return _joined(other, "/", self, _PRODUCT)

    def __neg__(self) -> Symbol:
        return Symbol(f"-{self.bound(_UNARY)}")

    def __pos__(self) -> Symbol:
        return self

    def __bool__(self) -> bool:
        raise TypeError(_NO_VALUE)

    def __eq__(self, other: object) -> bool:
        raise TypeError(_NO_VALUE)

    def __hash__(self) -> int:
        raise TypeError(_NO_VALUE)

    def __str__(self) -> str:
        raise TypeError(_NO_VALUE)

    def __format__(self, spec: str) -> str:
        raise TypeError(_NO_VALUE)

    def bound(self, rank: int) -> str:
        """Return the text as an operand of an operation that binds as tightly as ``rank``."""
        return self._text if self._rank >= rank else f"({self._text})"


def _joined(left: object, operator: str, right: object, rank: int) -> Symbol:
    return Symbol(f"{_symbol(left).bound(rank)} {operator} {_symbol(right).bound(rank + 1)}", rank)


def _symbol(value: object) -> Symbol:
    if isinstance(value, Symbol):
        return value
    number = plain_number(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise TypeError(_NO_VALUE)
    return Symbol(repr(number))


def document_of(function: SpecFunction) -> tuple[Table, bool]:
    """Return the document of a spec function, and whether it keeps all of the function's parameters.

    The document resolves to what the function returns with its defaults; if it keeps the parameters, it
    follows the function with other values, too.

    Raises:
        SpecError: the function does not return a valid spec.
    """
    _loaded(function, function.params)
    traced = _traced(function)
    if traced is not None and all(
        _outcome(function, values) == _outcome(function, values, traced)
        for values in (function.params, _probe(function.params))
    ):
        return traced, True
    return function.table(**function.params), not function.params


def _loaded(function: SpecFunction, values: Mapping[str, object], table: Table | None = None) -> Spec:
    findings = Findings()
    if table is None:
        draft = function.draft(values, findings)
    else:
        draft = make_draft(function.name, function.origin, table, findings)
    return load_draft(draft, (), values, {}, findings)


def _outcome(function: SpecFunction, values: Mapping[str, object], table: Table | None = None) -> str:
    """Return the digest for some values of the parameters, or "" where they make no valid spec."""
    try:
        return digest(_loaded(function, values, table))
    except (SpecError, TypeError, ValueError, ArithmeticError):
        return ""


def _traced(function: SpecFunction) -> Table | None:
    """Return the table of the function called with symbols, or None if it needs values."""
    try:
        table = function.table(**{name: Symbol(name) for name in function.params})
    except (TypeError, ValueError, AttributeError, LossSpecError):
        return None
    params = {"params": dict(function.params)} if function.params else {}
    return merge(params, {key: _expressions(each) for key, each in table.items()})


def _expressions(value: object) -> object:
    """Return a value with its symbols written as ``${}``."""
    if isinstance(value, Symbol):
        return value.expression
    if isinstance(value, dict):
        return {key: _expressions(each) for key, each in value.items()}
    return [_expressions(each) for each in value] if isinstance(value, list) else value


def _probe(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return other values: a document that keeps the parameters must follow the function there as well."""
    return {
        name: value if isinstance(value, bool | str) else value * 1.5 + 0.25 for name, value in params.items()
    }
