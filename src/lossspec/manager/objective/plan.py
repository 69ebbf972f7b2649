"""Decides which terms of an objective run at the clock's position and in a call, and what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lossspec.manager.objective.lazy import is_due
from lossspec.manager.record.weighing import Weighing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.term import BoundTerm

#: In the total; in the total, times 0; computed without gradient and recorded; not computed; left out of one
#: call, since a tensor is missing there; an error, since its weight is unknown.
Mode = Literal["sum", "idle", "record", "skip", "missing", "unknown"]

#: The modes of terms in the total.
IN_TOTAL = ("sum", "idle")

#: The modes of terms that are not computed.
LEFT_OUT = ("skip", "missing")


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
        optional: the names of tensors that only terms with ``if_missing`` take.
        exact: the tensors of a call that needs no further look, or None if each call does.
        losses: the losses of the terms that are in the total.
        summed: these terms.
        computes: what computes each of them.
        recorded: the losses and terms that are only recorded.
        plain: the tensors that the terms of the total take as they are; none of them can be a list.
        unknown: a loss whose term weight is unknown, or None.
        missing: the losses that are left out of a call, since a tensor is missing there.
        is_new: whether no call was made with it yet.
        weighing: the weights at the clock's position, once they were asked for.
    """

    __slots__ = (
        "_taken",
        "computes",
        "exact",
        "idle",
        "is_new",
        "key",
        "losses",
        "missing",
        "needed",
        "needed_by",
        "optional",
        "plain",
        "recorded",
        "running",
        "summed",
        "unknown",
        "weighing",
    )

    def __init__(
        self,
        terms: Sequence[tuple[LMLoss, BoundTerm]],
        modes: Sequence[Mode],
        balance: BoundBalance | None = None,
    ) -> None:
        named = [(loss, term, each) for (loss, term), each in zip(terms, modes, strict=True)]
        self.running = tuple(
            (loss, term, each in IN_TOTAL) for loss, term, each in named if each not in LEFT_OUT
        )
        self.key: tuple[tuple[int, Mode], ...] = tuple(
            (column, "sum" if each in IN_TOTAL else each)
            for column, each in enumerate(modes)
            if each not in LEFT_OUT
        )
        self.idle = frozenset(loss.name for loss, _, each in named if each == "idle")
        self.missing = tuple(loss for loss, _, each in named if each == "missing")
        self.losses = tuple(loss for loss, _, is_summed in self.running if is_summed)
        self.summed = tuple(term for _, term, is_summed in self.running if is_summed)
        self.computes = tuple(term.compute for term in self.summed)
        self.recorded = tuple((loss, term) for loss, term, is_summed in self.running if not is_summed)
        self.plain = tuple(dict.fromkeys(name for term in self.summed for name in term.plain or ()))
        self.unknown = next((loss for loss, _, _ in self.running if loss.term_weight is None), None)
        self.needed_by: dict[str, list[str]] = {}
        optional: set[str] = set()
        for loss, term, _ in self.running:
            if term.is_optional:
                optional.update(term.needed)
            else:
                for name in term.needed:
                    self.needed_by.setdefault(name, []).append(loss.name)
        if balance is not None and any(loss.name in balance.losses for loss, _, _ in self.running):
            for name in balance.needed:
                self.needed_by.setdefault(name, []).append("balance")
        self.needed = frozenset(self.needed_by)
        self._taken = self.needed | optional
        self.optional = self._taken - self.needed
        self.exact = None if optional else self.needed
        self.is_new = True
        self.weighing: Weighing | None = None

    def weigh(self) -> Weighing:
        """Return the weights at the clock's position."""
        self.weighing = Weighing(self.losses, self.idle)
        return self.weighing

    def own(self, tensors: dict[str, object]) -> dict[str, object]:
        """Return the tensors that the running terms take, in the order of a call."""
        if len(tensors) == len(self._taken):
            return tensors
        return {name: value for name, value in tensors.items() if name in self._taken}


class Plans:
    """The plan for the clock's position, and for calls there from which terms are missing.

    Args:
        terms: all terms of the objective.
        balance: its balancer, if it has one.

    Attributes:
        now: the plan for a call from which no term is missing.
        optional: the columns of the terms that run now and may be missing.
    """

    def __init__(
        self, terms: Sequence[tuple[LMLoss, BoundTerm]], balance: BoundBalance | None = None
    ) -> None:
        self._terms = terms
        self._balance = balance
        self._modes: list[Mode] | None = None
        self._narrowed: dict[tuple[int, ...], Plan] = {}

    def move(self, step: int) -> bool:
        """Follow the weights and the clock; return whether another set of terms runs now."""
        modes = [mode(loss, step) for loss, _ in self._terms]
        is_other = modes != self._modes
        if is_other:
            self._modes = modes
            self._narrowed.clear()
            self.now = Plan(self._terms, modes, self._balance)
            columns = [column for column, _ in self.now.key if self._terms[column][1].is_optional]
            self.optional = tuple(columns)
        for each in (self.now, *self._narrowed.values()):
            each.weighing = None
        return is_other

    def without(self, missing: tuple[int, ...]) -> Plan:
        """Return the plan for a call from which the terms of some columns are missing."""
        if not missing:
            return self.now
        plan = self._narrowed.get(missing)
        if plan is None:
            modes = [
                "missing" if column in missing else each for column, each in enumerate(self._modes or ())
            ]
            plan = self._narrowed[missing] = Plan(self._terms, modes, self._balance)
        return plan

    def of_call(self, tensors: Mapping[str, object]) -> Plan:
        """Return the plan for a call with these tensors."""
        missing = [column for column in self.optional if self._terms[column][1].missing(tensors)]
        return self.without(tuple(missing))
