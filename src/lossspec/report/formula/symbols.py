"""The meanings of the symbols of a formula: the clock, the signs, the tensors, the losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.registry import find, find_balancer
from lossspec.report.draw.text import exact
from lossspec.report.formula.equations import scheduled
from lossspec.report.formula.terms import VARIABLES, TermWriter, has_long_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Spec
    from lossspec.report.formula.math.notation import Notation

CLOCK = {
    "epoch": "the epoch, counted from 0",
    "step": "the optimiser step, counted from 0",
    "fraction": "the fraction of the run that is done, from 0 to 1",
}


@frozen
class Entry:
    """A symbol and its meaning.

    Attributes:
        symbol: the symbol, in the notation of the formula.
        meaning: plain text.
        formula: the formula that the registry gives for a loss; "" for none.
    """

    symbol: str
    meaning: str
    formula: str = ""


def legend(spec: Spec, notation: Notation) -> list[Entry]:
    """Return the meanings of all symbols in the formula of ``spec``."""
    return [*signs(spec, notation), *inputs(spec, notation), *losses(spec, notation)]


def signs(spec: Spec, notation: Notation) -> Iterator[Entry]:
    """Yield the meanings of the clock and of the signs for detached inputs, lists and steps."""
    terms = spec.losses.values()
    units = {schedule.unit or "epoch" for *_, schedule in scheduled(spec)}
    steps = sorted({term.every.steps for term in terms if term.every is not None})
    for unit, meaning in CLOCK.items():
        if unit in units or (unit == "step" and steps):
            yield Entry(notation.letters.get(VARIABLES[unit], VARIABLES[unit]), meaning)
    for count in steps:
        symbol = notation.at_steps.format(notation.number(count), VARIABLES["step"])
        yield Entry(symbol, f"1 where the step is a multiple of {count}, else 0")
    anything = notation.letters["·"]
    if any(each.detach for term in terms for each in term.inputs):
        yield Entry(notation.detached.format(anything), "detached from its graph: no gradient passes")
    if any(term.lists is not None for term in terms):
        yield Entry(notation.element.format(anything), "applied to the i-th elements of its lists")
    for term in terms:
        if term.lists is not None and term.lists.weights is not None:
            weights = ", ".join(map(exact, term.lists.weights))
            yield Entry("c_i", f"in {term.name}, in order: {weights}")


def inputs(spec: Spec, notation: Notation) -> Iterator[Entry]:
    """Yield the tensors with their descriptions in the spec."""
    for name, text in spec.inputs.items():
        yield Entry(notation.named(name), text)


def losses(spec: Spec, notation: Notation) -> Iterator[Entry]:
    """Yield the losses with their descriptions in the registry, and arguments too long for the formula."""
    writer = TermWriter.of(spec, notation)
    for name, short in writer.names.items():
        entry = find(name) or find_balancer(name)
        if entry is None:  # not registered in this process
            yield Entry(notation.loss(short), name)
        else:
            yield Entry(notation.loss(short), f"{name}. {entry.summary}", entry.formula)
    for term in spec.losses.values():
        if has_long_arguments(term):
            plain = ", ".join(f"{key} = {value}" for key, value in term.args.items())
            yield Entry(notation.text(f"{term.name}"), plain)
