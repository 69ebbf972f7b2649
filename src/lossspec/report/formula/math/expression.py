"""Mathematical expressions of one variable, simplified when they are built.

They can be evaluated, so that tests can compare the formula of a schedule with the schedule.
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Operator = Literal[
    "+", "*", "/", "^", "pi", "cos", "exp", "tanh", "sqrt", "floor", "min", "max", "mod", "log"
]


@frozen
class Number:
    """A constant."""

    value: float


@frozen
class Variable:
    """The position of the clock."""


@frozen
class Call:
    """An operator or a known function applied to arguments; of a product, a number comes first."""

    name: Operator
    arguments: tuple[Expression, ...]


@frozen
class Local:
    """A named part, whose expression is written after the formula."""

    name: str
    meaning: Expression


@frozen
class Opaque:
    """A function known only as code: a registered schedule."""

    name: str
    position: Expression
    arguments: tuple[tuple[str, object], ...]
    function: Callable[[float], float] = field(eq=False)


Expression = Number | Variable | Call | Local | Opaque
Operand = Expression | float

PI = Call("pi", ())
_FUNCTIONS: dict[Operator, Callable[..., float]] = {
    "+": lambda *terms: sum(terms),
    "*": lambda *factors: math.prod(factors),
    "/": operator.truediv,
    "^": operator.pow,
    "pi": lambda: math.pi,
    "cos": math.cos,
    "exp": math.exp,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "floor": math.floor,
    "min": min,
    "max": max,
    "mod": operator.mod,
    "log": math.log,
}


def evaluate(expression: Expression, at: float) -> float:
    """Return the value at a position.

    >>> evaluate(plus(100, times(-1, plus(Variable(), -100))), 150)
    50.0
    """
    match expression:
        case Number(value):
            return value
        case Variable():
            return at
        case Call(name, arguments):
            return float(_FUNCTIONS[name](*(evaluate(each, at) for each in arguments)))
        case Local(_, meaning):
            return evaluate(meaning, at)
        case Opaque(_, position, _, function):
            return function(evaluate(position, at))


def number(value: float) -> Number:
    """Return a constant rounded to 12 digits, without the noise of binary fractions.

    >>> number(0.1 + 0.2)
    Number(value=0.3)
    """
    return Number(float(f"{value:.12g}") + 0.0)


def plus(*terms: Operand) -> Expression:
    """Return a sum: inner sums flattened, numbers added and put first, zeros dropped."""
    flat = _flat("+", terms)
    constant = number(math.fsum(each.value for each in flat if isinstance(each, Number)))
    rest = [each for each in flat if not isinstance(each, Number)]
    if isinstance(rest[0] if rest else None, Variable):  # t - 5, not -5 + t
        parts = [*rest, *([constant] if constant.value else [])]
    else:
        parts = [*([constant] if constant.value else []), *rest]
    return Call("+", tuple(parts)) if len(parts) > 1 else parts[0] if parts else Number(0.0)


def minus(left: Operand, right: Operand) -> Expression:
    """Return a difference."""
    return plus(left, times(-1, right))


def times(*factors: Operand) -> Expression:
    """Return a product: inner products flattened, numbers multiplied and put first, ones dropped."""
    flat = _flat("*", factors)
    constant = number(math.prod(each.value for each in flat if isinstance(each, Number)))
    rest = [each for each in flat if not isinstance(each, Number)]
    if constant.value == 0 or not rest:
        return constant
    for index, factor in enumerate(rest):  # 9 x / 3 is 3 x
        match factor:
            case Call("/", (upper, Number() as lower)) if abs(constant.value) != 1:
                others = [*rest[:index], *rest[index + 1 :]]
                return times(over(times(constant, upper), lower), *others)
    parts = [*([constant] if constant.value != 1 else []), *rest]
    return Call("*", tuple(parts)) if len(parts) > 1 else parts[0]


def over(upper: Operand, lower: Operand) -> Expression:
    """Return a quotient, its whole numbers cancelled.

    >>> over(times(-100, Variable()), 100)
    Call(name='*', arguments=(Number(value=-1.0), Variable()))
    """
    upper, lower = _of(upper), _of(lower)
    if not isinstance(lower, Number):
        return Call("/", (upper, lower))
    first, *rest = _flat("*", (upper,))
    if isinstance(first, Number):
        reduced = Fraction(str(first.value)) / Fraction(str(lower.value))
        parts = [number(reduced.numerator), *rest]
        if max(abs(reduced.numerator), reduced.denominator) > 1e9:  # not a readable ratio
            return Call("/", (upper, lower))
        return _quotient(times(*parts), reduced.denominator)
    inverse = Fraction(1) / Fraction(str(lower.value))
    if max(abs(inverse.numerator), inverse.denominator) > 1e9:
        return Call("/", (upper, lower))
    return _quotient(times(inverse.numerator, upper), inverse.denominator)


def power(base: Operand, exponent: Operand) -> Expression:
    """Return a power; an exponent of 1 gives the base."""
    base, exponent = _of(base), _of(exponent)
    return base if exponent == Number(1.0) else Call("^", (base, exponent))


def call(name: Operator, *arguments: Operand) -> Expression:
    """Return a call of a known function; ``min`` and ``max`` of numbers are evaluated."""
    given = tuple(map(_of, arguments))
    if name in ("min", "max") and all(isinstance(each, Number) for each in given):
        return number(evaluate(Call(name, given), 0.0))
    return Call(name, given)


def _quotient(upper: Expression, denominator: int) -> Expression:
    if denominator == 1:
        return upper
    decimal = upper.value / denominator if isinstance(upper, Number) else math.nan
    if decimal == float(f"{decimal:.4g}"):  # 0.25 reads better than 1/4, and 1/3 better than 0.333
        return Number(decimal)
    return Call("/", (upper, number(denominator)))


def _of(operand: Operand) -> Expression:
    return number(operand) if isinstance(operand, int | float) else operand


def _flat(name: Operator, operands: Iterable[Operand]) -> list[Expression]:
    """Return operands, with the arguments of those that apply the same operator in their place."""
    found: list[Expression] = []
    for each in map(_of, operands):
        found += each.arguments if isinstance(each, Call) and each.name == name else (each,)
    return found
