"""Writes the terms of a spec in a notation: weight, loss, inputs, arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.report.formula.math.notation import PLAIN
from lossspec.report.formula.math.writer import value_of
from lossspec.report.formula.reductions import combined
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.language.model import Balance, Input, Spec, Term
    from lossspec.report.formula.math.notation import Notation

#: The variable of a schedule, by its unit.
VARIABLES = {"epoch": "e", "step": "s", "fraction": "τ"}
#: The most characters that the arguments of a loss take in its formula; longer ones are listed below it.
SHORT = 36


@frozen
class TermWriter:
    """Writes the terms of one spec.

    Attributes:
        notation: the notation.
        names: the name to write for each loss type.
    """

    notation: Notation
    names: Mapping[str, str]

    @classmethod
    def of(cls, spec: Spec, notation: Notation) -> TermWriter:
        """Return the writer for a spec: types go by their class unless two have the same."""
        types = [term.type for term in spec.losses.values()]
        types += [each.balance.type for each in spec.objectives.values() if each.balance is not None]
        classes = {name: name.rpartition(".")[2] for name in types}
        taken = list(classes.values())
        return cls(notation, {name: name if taken.count(own) > 1 else own for name, own in classes.items()})

    def weighted(self, term: Term) -> tuple[str, str]:
        """Return the sign of a term, "+" or "-", and the term with its weight."""
        notation = self.notation
        factors: list[str] = []
        sign = "+"
        if isinstance(term.weight, Schedule):
            factors += [notation.number(term.gain)] if term.gain != 1 else []
            factors.append(self.scheduled("λ", term.name, term.weight))
        else:
            weight = term.weight * term.gain
            sign = "-" if weight < 0 else "+"
            factors += [notation.number(abs(weight))] if abs(weight) != 1 else []
        if term.every is not None:
            factors.append(notation.at_steps.format(notation.number(term.every.steps), VARIABLES["step"]))
        return sign, notation.product([*factors, self.unweighted(term)])

    def unweighted(self, term: Term) -> str:
        """Return a term without its weight."""
        inputs = ", ".join(map(self.input, term.inputs))
        arguments = self.arguments(term.args, term.name)
        inside = f"{inputs}; {arguments}" if arguments and not has_long_arguments(term) else inputs
        call = f"{self.notation.loss(self.names[term.type])}({inside})"
        return combined(self.notation, term, call, self.input)

    def balanced(self, balance: Balance, terms: Sequence[Term]) -> list[str]:
        """Return the balance of some terms: a line for each, and one for inputs and arguments."""
        lines = []
        for term in terms:
            sign, text = self.weighted(term)
            minus = self.notation.minus if sign == "-" else ""
            lines.append(f"{self.notation.named(term.name)} = {minus}{text}")
        inputs = ", ".join(map(self.input, balance.inputs))
        arguments = self.arguments(balance.args, "")
        inside = ",\n".join([*lines, *([inputs] if inputs else [])]) + (f"; {arguments}" if arguments else "")
        return f"{self.notation.loss(self.names[balance.type])}({inside})".split("\n")

    def arguments(self, args: Mapping[str, object], term: str) -> str:
        """Return constructor arguments; a scheduled one is a function of the clock."""
        return ", ".join(
            f"{self.notation.named(name)} = {self._value(name, value, term)}" for name, value in args.items()
        )

    def input(self, each: Input) -> str:
        """Return an input: a tensor or what is taken of it, detached or not, or a number."""
        if each.name is None:
            text = self.notation.number(each.value or 0.0)
        else:
            text = self.notation.named(each.reference)
            text = self.notation.detached.format(text) if each.detach else text
        return f"{self.notation.named(each.argument)} = {text}" if each.argument else text

    def scheduled(self, letter: str, name: str, schedule: Schedule) -> str:
        """Return a function of the clock, such as ``λ_G_L1(e)``."""
        return f"{self.notation.symbol(letter, name)}({self.variable(schedule)})"

    def variable(self, schedule: Schedule) -> str:
        """Return the variable of a schedule."""
        name = VARIABLES[schedule.unit or "epoch"]
        return self.notation.letters.get(name, name)

    def _value(self, name: str, value: object, term: str) -> str:
        if isinstance(value, Schedule):
            return self.scheduled(name, term, value)
        return value_of(self.notation, value)


def has_long_arguments(term: Term) -> bool:
    """Return whether the arguments of a term are too long for its formula."""
    return len(TermWriter(PLAIN, {}).arguments(term.args, term.name)) > SHORT
