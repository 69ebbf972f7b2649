"""Writes expressions in a notation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.report.formula.math.expression import Call, Expression, Local, Number, Opaque, Variable, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lossspec.report.formula.math.expression import Operator
    from lossspec.report.formula.math.notation import Notation

#: How tightly an expression binds: a loose one gets brackets where a tight one is needed.
LOOSE, FACTOR, TIGHT = range(3)


@frozen
class Writer:
    """Writes expressions of one variable.

    Attributes:
        notation: the notation.
        variable: the name of the variable.
        names: the names of parts, where they differ from their own.
    """

    notation: Notation
    variable: str
    names: Mapping[Local, str] = field(factory=dict)

    def write(self, expression: Expression, wanted: int = LOOSE) -> str:
        r"""Return an expression, in brackets if it is looser than ``wanted``.

        >>> from lossspec.report.formula.math.expression import plus
        >>> from lossspec.report.formula.math.notation import LATEX
        >>> Writer(LATEX, "e").write(plus(100, times(-2, plus(Variable(), -100))))
        '100 - 2\\, \\left(e - 100\\right)'
        """
        text, tightness = self._written(expression)
        return text if tightness >= wanted else self.notation.brackets.format(text)

    def _written(self, expression: Expression) -> tuple[str, int]:
        notation = self.notation
        if _is_negative(expression):
            return notation.minus + self.write(_negated(expression), FACTOR), LOOSE
        match expression:
            case Number(value):
                text = notation.number(value)
                return text, TIGHT if text.replace(".", "").isdigit() else FACTOR
            case Variable():
                return self.variable, TIGHT
            case Local(name, _):
                return self.names.get(expression, name), TIGHT
            case Call(name, arguments):
                return self._call(name, arguments)
            case Opaque(name, position, arguments, _):
                fields = [f"{notation.named(key)} = {value_of(notation, value)}" for key, value in arguments]
                inside = ", ".join([self.write(position), *fields])
                return notation.loss(name) + notation.brackets.format(inside), TIGHT

    def _call(self, name: Operator, arguments: tuple[Expression, ...]) -> tuple[str, int]:
        notation = self.notation
        match name:
            case "+":
                return self._sum(arguments), LOOSE
            case "*":
                return notation.product([self.write(each, FACTOR) for each in arguments]), FACTOR
            case "/":
                wanted = (LOOSE, LOOSE) if notation.fraction_is_tight else (FACTOR, TIGHT)
                return notation.fraction.format(*map(self.write, arguments, wanted)), FACTOR
            case "^":
                base, exponent = arguments
                return notation.raised(self.write(base, TIGHT), self._inline(exponent)), FACTOR
            case "mod":
                return notation.calls[name].format(*[self.write(each, FACTOR) for each in arguments]), LOOSE
        return notation.calls[name].format(*map(self.write, arguments)), TIGHT

    def _inline(self, expression: Expression) -> str:
        """Write a fraction on one line, for exponents."""
        match expression:
            case Call("/", (upper, lower)) if not _is_negative(expression):
                return f"{self.write(upper, FACTOR)} / {self.write(lower, TIGHT)}"
        return self.write(expression)

    def _sum(self, terms: tuple[Expression, ...]) -> str:
        text = self.write(terms[0], FACTOR) if not _is_negative(terms[0]) else self.write(terms[0])
        for term in terms[1:]:
            if _is_negative(term):
                text += f" {self.notation.minus} {self.write(_negated(term), FACTOR)}"
            else:
                text += f" + {self.write(term, FACTOR)}"
        return text


def _is_negative(expression: Expression) -> bool:
    match expression:
        case Number(value):
            return value < 0
        case Call("*" | "/", (first, *_)):
            return _is_negative(first)
    return False


def _negated(expression: Expression) -> Expression:
    match expression:
        case Call("/", (upper, lower)):
            return Call("/", (_negated(upper), lower))
    return times(-1, expression)


def value_of(notation: Notation, value: object) -> str:
    """Write the value of an argument: a number, an array, or text."""
    if isinstance(value, bool) or value is None:
        return notation.text(str(value).lower())
    if isinstance(value, int | float):
        return notation.number(value)
    if isinstance(value, list | tuple):
        return f"({', '.join(value_of(notation, each) for each in value)})"
    return notation.text(str(value))


def local_names(expressions: Iterable[Expression]) -> dict[Local, str]:
    """Return a distinct name for every part, by numbering names that several parts have.

    >>> from lossspec.report.formula.math.expression import Number, plus
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
    """Yield the parts of an expression, each after those that it contains."""
    for child in _children(expression):
        yield from _inside(child)
    if isinstance(expression, Local):
        yield expression


def _children(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Call(_, arguments):
            return arguments
        case Local(_, inner) | Opaque(_, inner, _, _):
            return (inner,)
        case _:
            return ()
