"""A term in its objective: its code, its weight, and when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.convert.python.call import kind_of
from lossspec.convert.python.layout import literal
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from lossspec.convert.python.scope import Scope
    from lossspec.convert.python.term import Written
    from lossspec.language.model import ObjectiveSpec, Term
    from lossspec.registry import LossType


@frozen
class Part:
    """A term that runs, at least at times.

    Attributes:
        term: what the spec says.
        written: its code.
        variable: what its raw value is called in ``forward``.
        weight: the expression of its weight, or "" for 1.
        moves: whether the weight moves.
        zero: whether weight and scale are ever 0: a condition that they are not, or "" for never.
        only_recorded: whether they always are, and the term is recorded all the same.
    """

    term: Term
    written: Written
    variable: str
    weight: str
    moves: bool
    zero: str
    only_recorded: bool

    @property
    def tensors(self) -> set[str]:
        """The names of the tensors that it takes."""
        return {str(each.name) for each in self.term.references}

    def hint(self, tensor: str, entry: LossType) -> str:
        """Return the annotation of a tensor that it takes."""
        inputs = enumerate(self.term.inputs)
        kinds = [kind_of(self.term, entry, number) for number, each in inputs if each.name == tensor]
        taken = [each for each in self.term.references if each.name == tensor]
        if "callable" in kinds:
            return "Callable[[Tensor], Tensor]"
        if len(kinds) < len(taken) or any(each.selectors for each in taken):
            return "Any"
        depth = ("list" in kinds) + (self.term.lists is not None)
        return "list[" * depth + "Tensor" + "]" * depth

    @property
    def rests(self) -> bool:
        """Whether there are calls in which it is not computed."""
        if self.written.there:
            return True
        if self.term.every is not None and self.term.at_zero != "compute":
            return True
        return bool(self.zero) and self.term.at_zero == "skip"

    @property
    def is_plain(self) -> bool:
        """Whether it is in every sum, with one weight."""
        never = self.rests or self.moves or self.zero or self.only_recorded or self.term.every is not None
        return not never


def never_runs(term: Term, objective: ObjectiveSpec) -> bool:
    """Whether a term is skipped wherever the clock is."""
    return term.at_zero == "skip" and _is_zero(term, objective)


def _is_zero(term: Term, objective: ObjectiveSpec) -> bool:
    """Whether the weight of a term is 0 wherever the clock is."""
    return 0.0 in (term.weight, objective.weight, 1.0 if term.every is None else term.every.gain)


def part_of(term: Term, objective: ObjectiveSpec, scope: Scope, written: Written, variable: str) -> Part:
    """Return the code of a term in its objective."""
    gain = [] if term.every is None or term.every.gain == 1.0 else [literal(float(term.every.gain))]
    moves = isinstance(term.weight, Schedule)
    if isinstance(term.weight, Schedule):
        weight = scope.schedule(term.weight, f"{term.name}_weight", f"the weight of `{term.name}`")
    else:
        weight = "" if term.weight == 1.0 else literal(float(term.weight))
    zero = " * ".join(
        name
        for name, each in (("weight", term.weight), ("scale", objective.weight))
        if isinstance(each, Schedule)
    )
    is_zero = _is_zero(term, objective)
    return Part(
        term,
        written,
        variable,
        " * ".join(filter(None, [weight, *gain])),
        moves,
        f"{zero} != 0.0" if zero and term.at_zero != "compute" and not is_zero else "",
        is_zero and term.at_zero == "record",
    )
