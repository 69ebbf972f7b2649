"""Decides which terms of an objective run where the clock is, and which tensors they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.term import BoundTerm

#: In the total; computed without gradient and recorded; not computed; refused, since its weight is not known.
Mode = Literal["sum", "record", "skip", "unknown"]


def mode(loss: LMLoss, step: int) -> Mode:
    """Say what a term does at ``step`` with the weight that it has."""
    term = loss.term
    if term is not None and term.every is not None and step % term.every.steps:
        return "skip"
    if loss.weight is None:
        return "unknown"
    if term is None:
        return "sum"
    if loss.weight * loss.scale != 0.0 or term.at_zero == "compute":
        return "sum"
    return term.at_zero


class Plan:
    """The terms that run now. It is made anew only when another set of them runs.

    Attributes:
        running: for each term that runs: its loss, its inputs, whether it is in the total.
        key: the same as plain values: the columns of the terms and what each does.
        due: for each tensor that is needed, the terms that take it.
        needed: the names of these tensors.
        summed: the terms that are in the total.
        computes: the functions that compute them.
        recorded: the losses and terms that are only recorded.
        plain: the tensors that terms of the total take as they are: none of them may be a list.
        unknown: a loss whose weight is not known, or None.
    """

    __slots__ = ("computes", "due", "key", "needed", "plain", "recorded", "running", "summed", "unknown")

    def __init__(
        self,
        terms: Sequence[tuple[LMLoss, BoundTerm]],
        modes: Sequence[Mode],
        balance: BoundBalance | None = None,
    ) -> None:
        self.running = tuple(
            (loss, term, each == "sum")
            for (loss, term), each in zip(terms, modes, strict=True)
            if each != "skip"
        )
        self.key = tuple((column, each) for column, each in enumerate(modes) if each != "skip")
        self.unknown = next(
            (loss for (loss, _), each in zip(terms, modes, strict=True) if each == "unknown"), None
        )
        self.summed = tuple(term for _, term, is_summed in self.running if is_summed)
        self.computes = tuple(term.compute for term in self.summed)
        self.recorded = tuple((loss, term) for loss, term, is_summed in self.running if not is_summed)
        self.plain = tuple(dict.fromkeys(name for term in self.summed for name in term.plain or ()))
        self.due: dict[str, list[str]] = {}
        for loss, term, _ in self.running:
            for name in term.needed:
                self.due.setdefault(name, []).append(loss.name)
        if balance is not None and any(loss.name in balance.losses for loss, _, _ in self.running):
            for name in balance.needed:
                self.due.setdefault(name, []).append("balance")
        self.needed = frozenset(self.due)
