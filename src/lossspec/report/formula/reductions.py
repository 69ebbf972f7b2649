"""Writes how a term makes one number: of the elements of its loss, and of the elements of its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.model import Divisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.language.model import Input, Lists, Reduce, Term
    from lossspec.report.formula.math.notation import Notation

#: The size of the batch, and the length of lists.
BATCH, LENGTH = "N", "n"


def combined(notation: Notation, term: Term, call: str, written: Callable[[Input], str]) -> str:
    """Return the formula of a term, given that of its call.

    Args:
        notation: the notation.
        term: the term.
        call: the call of its loss, in the notation.
        written: writes an input.
    """
    lists, reduce = term.lists, term.reduce
    if lists is None:
        return call if reduce is None else _reduced(notation, reduce, call, written)
    if reduce is None:
        return _over_lists(notation, lists, call)
    if lists.of == "elements":
        return _reduced(notation, reduce, _over_lists(notation, lists, call), written)
    return _over_lists(notation, lists, _reduced(notation, reduce, call, written))


def _reduced(notation: Notation, reduce: Reduce, call: str, written: Callable[[Input], str]) -> str:
    element = notation.element.format(call, "j")
    weight = "" if reduce.weights is None else notation.part.format(written(reduce.weights), "j")
    weighted = notation.product([weight, element]) if weight else element
    if reduce.by == "elements":
        return notation.over["mean"].format("j", weighted)
    total = notation.over["sum"].format("j", weighted)
    return total if reduce.by == 1.0 else notation.fraction.format(total, _divisor(notation, reduce, weight))


def _divisor(notation: Notation, reduce: Reduce, weight: str) -> str:
    by = reduce.by
    if isinstance(by, Divisor):
        name = notation.named(by.reference)
        if by.minimum is None:
            return name
        return notation.calls["max"].format(name, notation.number(by.minimum))
    if by == "weights":
        return notation.over["sum"].format("j", weight)
    return BATCH if isinstance(by, str) else notation.number(by)


def _over_lists(notation: Notation, lists: Lists, call: str) -> str:
    index = notation.pairs[lists.pairs] if lists.pairs else "i"
    element = notation.element.format(call, index)
    if lists.weights is not None:
        return notation.over["sum"].format(index, notation.product(["c_i", element]))
    if lists.decay is None:
        return notation.over[lists.combine].format(index, element)
    weight = decay_weight(notation, lists.decay)
    total = notation.over["sum"].format(index, notation.product([weight, element]))
    if lists.combine == "sum":
        return total
    return notation.fraction.format(total, notation.over["sum"].format(index, weight))


def decay_weight(notation: Notation, decay: float) -> str:
    """Return the weight of element i in lists whose weights decay towards the first."""
    minus = notation.minus
    return notation.raised(notation.number(decay), f"{LENGTH} {minus} 1 {minus} i")
