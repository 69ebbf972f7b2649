"""The equations of a spec in any notation: its totals, and the weights that schedules move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.report.formula.math.writer import Writer, local_names
from lossspec.report.formula.schedules.compose import pieces_of
from lossspec.report.formula.schedules.pieces import cut, stretches
from lossspec.report.formula.terms import TermWriter
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import ObjectiveSpec, Spec
    from lossspec.report.formula.math.notation import Notation


@frozen
class Total:
    """The equation of an objective.

    Attributes:
        symbol: its left side.
        factor: the weight of the objective; "" for 1.
        terms: the summands, each a sign "+" or "-" and a text; a text without a sign continues the last.
        monitored: terms that are recorded but not added.
    """

    symbol: str
    factor: str
    terms: list[tuple[str, str]]
    monitored: list[str]


@frozen
class Function:
    """The equation of a scheduled weight or argument.

    Attributes:
        symbol: its left side.
        cases: expressions, each with the condition under which it holds; "" for always.
        parts: the named parts of the expressions, each a name and an expression.
    """

    symbol: str
    cases: list[tuple[str, str]]
    parts: list[tuple[str, str]]


def totals(spec: Spec, notation: Notation) -> list[Total]:
    """Return the equations of the objectives."""
    writer = TermWriter.of(spec, notation)
    return [_total(spec, writer, each) for each in spec.objectives.values()]


def functions(spec: Spec, notation: Notation) -> list[Function]:
    """Return the equations of all schedules: weights of objectives and terms, then arguments."""
    writer = TermWriter.of(spec, notation)
    return [_function(writer, letter, name, schedule) for letter, name, schedule in scheduled(spec)]


def _total(spec: Spec, writer: TermWriter, objective: ObjectiveSpec) -> Total:
    notation = writer.notation
    terms = [term for term in spec.losses.values() if term.objective == objective.name]
    monitored = [writer.unweighted(term) for term in terms if term.weight == 0 and term.at_zero == "record"]
    added: list[tuple[str, str]] = []
    balanced: tuple[str, ...] = ()
    if objective.balance is not None:
        balanced = objective.balance.losses
        inside = [term for term in terms if term.name in balanced]
        first, *more = writer.balanced(objective.balance, inside)
        added = [("+", first), *(("", line) for line in more)]
    added += [writer.weighted(term) for term in terms if term.weight != 0 and term.name not in balanced]
    factor = ""
    if isinstance(objective.weight, Schedule):
        factor = writer.scheduled("Λ", objective.name, objective.weight)
    elif objective.weight != 1:
        factor = notation.number(objective.weight)
    symbol = notation.symbol("L", "" if objective.name == "total" else objective.name)
    return Total(symbol, factor, added, monitored)


def scheduled(spec: Spec) -> Iterator[tuple[str, str, Schedule]]:
    """Yield every schedule of a spec with its letter and index."""
    for objective in spec.objectives.values():
        if isinstance(objective.weight, Schedule):
            yield "Λ", objective.name, objective.weight
    for term in spec.losses.values():
        if isinstance(term.weight, Schedule):
            yield "λ", term.name, term.weight
    for term in spec.losses.values():
        for name, value in term.args.items():
            if isinstance(value, Schedule):
                yield name, term.name, value


def _function(writer: TermWriter, letter: str, name: str, schedule: Schedule) -> Function:
    notation, variable = writer.notation, writer.variable(schedule)
    pieces = cut(pieces_of(schedule), 0.0, math.inf)  # the clock begins at 0
    names = local_names([piece.expression for piece in pieces])
    write = Writer(notation, variable, names).write
    cases = []
    for begin, end, expression in stretches(pieces):
        since = f"{notation.number(begin)} {notation.not_more} " if begin > 0 else ""
        until = f" {notation.less} {notation.number(end)}" if end < math.inf else ""
        cases.append((write(expression), f"{since}{variable}{until}" if since or until else ""))
    parts = [(name, write(local.meaning)) for local, name in names.items()]
    return Function(writer.scheduled(letter, name, schedule), cases, parts)
