"""The meanings of the symbols of a formula: the clock, the signs, the tensors, the losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.registry import find, find_balancer
from lossspec.report.draw.text import exact
from lossspec.report.formula.equations import scheduled
from lossspec.report.formula.reductions import BATCH, LENGTH
from lossspec.report.formula.terms import VARIABLES, TermWriter, has_long_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Input, Spec, Term
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
    if any(each.detach for term in terms for each in _inputs(term)):
        yield Entry(notation.detached.format(anything), "detached from its graph: no gradient passes")
    yield from _elements(spec, notation)
    for term in terms:
        if term.lists is not None and term.lists.weights is not None:
            weights = ", ".join(map(exact, term.lists.weights))
            yield Entry("c_i", f"in {term.name}, in order: {weights}")
    for term in terms:
        if term.if_missing == "skip":
            yield Entry(notation.text(term.name), "left out of a call in which one of its tensors is missing")


def _inputs(term: Term) -> tuple[Input, ...]:
    """Return the inputs of a term, and the weights of its elements if it has them."""
    weights = term.reduce.weights if term.reduce is not None else None
    return term.inputs if weights is None else (*term.inputs, weights)


def _elements(spec: Spec, notation: Notation) -> Iterator[Entry]:
    """Yield the meanings of the signs for elements: of lists, of pairs of them, and of what losses return."""
    anything = notation.letters["·"]
    lists = [term.lists for term in spec.losses.values() if term.lists is not None]
    reductions = [term.reduce for term in spec.losses.values() if term.reduce is not None]
    if any(each.pairs is None for each in lists):
        counted = ", counted from 0" if any(each.decay is not None for each in lists) else ""
        meaning = f"applied to the i-th elements of its lists{counted}"
        yield Entry(notation.element.format(anything, "i"), meaning)
    for pairs in dict.fromkeys(each.pairs for each in lists if each.pairs is not None):
        meaning = "applied to the i-th element of one list and the k-th of the other"
        yield Entry(notation.element.format(anything, notation.pairs[pairs]), meaning)
    if any(each.decay is not None for each in lists):
        yield Entry(LENGTH, "the length of its lists")
    if reductions:
        meaning = "the j-th element of what the loss returns before its own reduction, or of its weights"
        yield Entry(notation.element.format(anything, "j"), meaning)
    if any(each.by == "batch" for each in reductions):
        yield Entry(BATCH, "the size of the batch: the first dimension of the elements")


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
