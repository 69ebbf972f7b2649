"""Turns a Python spec function into a document that keeps its parameters.

The function is called with symbols, which support what ``${}`` can express. A function that needs more of a
parameter, such as its value, is called with the defaults instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.findings import Findings
from lossspec.language.documents.document import make_draft
from lossspec.language.load import load_draft
from lossspec.language.model import digest
from lossspec.language.resolve.merge import merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.language.function import SpecFunction
    from lossspec.language.model import Spec
    from lossspec.language.text.expression import Scalar

Table = dict[str, object]
_NO_VALUE = "a parameter has no value while a spec function is exported"


class Symbol:
    """A parameter, or parameters and numbers joined by ``*`` and ``/``.

    >>> str_of = lambda symbol: symbol.expression
    >>> str_of(2 * Symbol("a") / Symbol("b")), str_of(-Symbol("a"))
    ('${2 * a / b}', '${-a}')
    """

    def __init__(self, *factors: str, sign: str = "") -> None:
        self._factors = factors if len(factors) != 1 else ("*", *factors)
        self._sign = sign

    @property
    def expression(self) -> str:
        """The expression that a document has for it."""
        first, *rest = self._factors[1::2]
        joined = "".join(f" {op} {each}" for op, each in zip(self._factors[2::2], rest, strict=True))
        return f"${{{self._sign}{first}{joined}}}"

    def __mul__(self, other: object) -> Symbol:
        return self._joined(_symbol(other), "*")

    def __rmul__(self, other: object) -> Symbol:
        return _symbol(other) * self

    def __truediv__(self, other: object) -> Symbol:
        return self._joined(_symbol(other), "/")

    def __rtruediv__(self, other: object) -> Symbol:
        return _symbol(other) / self

    def __neg__(self) -> Symbol:
        return Symbol(*self._factors, sign="" if self._sign else "-")

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

    def _joined(self, other: Symbol, operator: str) -> Symbol:
        turned = {"*": "*", "/": "/"} if operator == "*" else {"*": "/", "/": "*"}
        factors = (turned.get(each, each) for each in other._factors)
        sign = "" if self._sign == other._sign else "-"
        return Symbol(*self._factors, *factors, sign=sign)


def _symbol(value: object) -> Symbol:
    if isinstance(value, Symbol):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(_NO_VALUE)
    return Symbol("*", repr(abs(value)), sign="-" if value < 0 else "")


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
