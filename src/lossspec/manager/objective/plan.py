"""Decides which terms of an objective run at the clock's position, and which tensors they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lossspec.manager.objective.lazy import is_due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.term import BoundTerm

#: In the total; in the total, times 0; computed without gradient and recorded; not computed; an error, since
#: its weight is unknown.
Mode = Literal["sum", "idle", "record", "skip", "unknown"]

#: The modes of terms in the total.
IN_TOTAL = ("sum", "idle")


def mode(loss: LMLoss, step: int) -> Mode:
    """Return what a term does at ``step`` with its current weight."""
    term = loss.term
    due = is_due(loss, step)
    if term is not None and not due and term.at_zero != "compute":
        return "skip"
    if loss.term_weight is None:
        return "unknown"
    if term is None:
        return "sum"
    if not due:
        return "idle"
    if loss.term_weight * loss.objective_weight != 0.0 or term.at_zero == "compute":
        return "sum"
    return term.at_zero


def reason(loss: LMLoss, step: int) -> str:
    """Return why a term is not in the total at ``step``."""
    return "its weight is 0" if is_due(loss, step) else f"`every` leaves it out at step {step}"


class Plan:
    """The terms that run now; replaced when another set of terms runs.

    Attributes:
        running: for each running term: its loss, its inputs, and whether it is in the total.
        key: the columns of the running terms and their modes, as a graph tells them apart.
        idle: the names of the losses that are in the total times 0.
        needed_by: for each tensor that is needed, the terms that take it.
        needed: the names of these tensors.
        losses: the losses of the terms that are in the total.
        summed: these terms.
        computes: what computes each of them.
        recorded: the losses and terms that are only recorded.
        plain: the tensors that the terms of the total take as they are; none of them can be a list.
        unknown: a loss whose term weight is unknown, or None.
    """

    __slots__ = (
        "computes",
        "idle",
        "key",
        "losses",
        "needed",
        "needed_by",
        "plain",
        "recorded",
        "running",
        "summed",
        "unknown",
    )

    def __init__(
        self,
        terms: Sequence[tuple[LMLoss, BoundTerm]],
        modes: Sequence[Mode],
        balance: BoundBalance | None = None,
    ) -> None:
        self.running = tuple(
            (loss, term, each in IN_TOTAL)
            for (loss, term), each in zip(terms, modes, strict=True)
            if each != "skip"
        )
        self.key: tuple[tuple[int, Mode], ...] = tuple(
            (column, "sum" if each in IN_TOTAL else each)
            for column, each in enumerate(modes)
            if each != "skip"
        )
        self.idle = frozenset(
            loss.name for (loss, _), each in zip(terms, modes, strict=True) if each == "idle"
        )
        self.losses = tuple(loss for loss, _, is_summed in self.running if is_summed)
        self.summed = tuple(term for _, term, is_summed in self.running if is_summed)
        self.computes = tuple(term.compute for term in self.summed)
        self.recorded = tuple((loss, term) for loss, term, is_summed in self.running if not is_summed)
        self.plain = tuple(dict.fromkeys(name for term in self.summed for name in term.plain or ()))
        self.unknown = next((loss for loss, _, _ in self.running if loss.term_weight is None), None)
        self.needed_by: dict[str, list[str]] = {}
        for loss, term, _ in self.running:
            for name in term.needed:
                self.needed_by.setdefault(name, []).append(loss.name)
        if balance is not None and any(loss.name in balance.losses for loss, _, _ in self.running):
            for name in balance.needed:
                self.needed_by.setdefault(name, []).append("balance")
        self.needed = frozenset(self.needed_by)

    def own(self, tensors: Mapping[str, object]) -> Mapping[str, object]:
        """Return the tensors that are needed now, in the order of a call."""
        if len(tensors) == len(self.needed):
            return tensors
        return {name: value for name, value in tensors.items() if name in self.needed}
