"""The parts of a formula that are written apart: which there are, and what each is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.report.formula.expression import Call, Expression, Local, Opaque, Power, Product, Quotient, Sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def local_names(expressions: Iterable[Expression]) -> dict[Local, str]:
    """Return every part with a name of its own: a name that two parts want gets a number.

    >>> from lossspec.report.formula.expression import Number, plus
    >>> parts = [Local("u", Number(1.0)), Local("u", Number(2.0)), Local("n", Number(3.0))]
    >>> [*local_names([plus(*parts)]).values()]
    ['u_1', 'u_2', 'n']
    """
    found = list(dict.fromkeys(local for each in expressions for local in _inside(each)))
    wanted = [local.name for local in found]
    names = {}
    for index, local in enumerate(found):
        number = wanted[: index + 1].count(local.name)
        names[local] = f"{local.name}_{number}" if wanted.count(local.name) > 1 else local.name
    return names


def _inside(expression: Expression) -> Iterator[Local]:
    """Yield the parts of an expression, one that another needs before it."""
    for child in _children(expression):
        yield from _inside(child)
    if isinstance(expression, Local):
        yield expression


def _children(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Sum(inner) | Product(inner) | Call(_, inner):
            return inner
        case Quotient(first, second) | Power(first, second):
            return first, second
        case Local(_, inner_one) | Opaque(_, inner_one, _, _):
            return (inner_one,)
        case _:
            return ()
