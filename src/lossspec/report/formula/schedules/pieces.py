"""Piecewise formulas: an expression for each stretch of the axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lossspec.report.formula.math.expression import Expression, Operand, Variable, call, plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen
class Piece:
    """An expression that holds up to ``end``; the next piece begins there."""

    end: float
    expression: Expression


Pieces = list[Piece]


@frozen
class LocalClock:
    """The clock that a schedule sees: that of the run, delayed inside ``join`` or ``warmup``."""

    offset: float = 0.0

    def since(self, position: float) -> Expression:
        """Return the time since a position of this clock."""
        return plus(Variable(), -(position + self.offset))

    def at(self, position: float) -> float:
        """Return the position on the clock of the run."""
        return position + self.offset

    def pieces(self, *parts: tuple[float, Operand]) -> Pieces:
        """Return a formula of parts, each a position of this clock and the expression up to there."""
        return [Piece(self.at(end), plus(value)) for end, value in parts]


#: The formula of a schedule on a clock.
Formula = Callable[[Any, LocalClock], Pieces]


def everywhere(expression: Expression) -> Pieces:
    """Return a formula of one piece."""
    return [Piece(math.inf, expression)]


def cut(pieces: Pieces, begin: float, end: float) -> Pieces:
    """Return the part of a formula between two positions."""
    found = []
    before = -math.inf
    for piece in pieces:
        if piece.end > begin and before < end:
            found.append(Piece(min(piece.end, end), piece.expression))
        before = piece.end
    return found


def combined(factors: Sequence[Pieces], combine: Callable[..., Expression]) -> Pieces:
    """Combine formulas into one, cut wherever any of them is."""
    ends = sorted({piece.end for pieces in factors for piece in pieces})
    found = []
    for end in ends:
        inside = [next(piece.expression for piece in pieces if piece.end >= end) for pieces in factors]
        found.append(Piece(end, combine(*inside)))
    return found


def merged(pieces: Pieces) -> Pieces:
    """Join neighbouring pieces with equal expressions."""
    found: Pieces = []
    for piece in pieces:
        if found and found[-1].expression == piece.expression:
            found.pop()
        found.append(piece)
    return found


def clamped(pieces: Pieces, minimum: float | None, maximum: float | None) -> Pieces:
    """Clamp every expression between a minimum and a maximum; None means no limit."""
    return [Piece(piece.end, _clamp(piece.expression, minimum, maximum)) for piece in pieces]


def stretches(pieces: Pieces) -> Iterator[tuple[float, float, Expression]]:
    """Yield the begin, the end and the expression of every piece."""
    begin = -math.inf
    for piece in pieces:
        yield begin, piece.end, piece.expression
        begin = piece.end


def _clamp(expression: Expression, minimum: float | None, maximum: float | None) -> Expression:
    if maximum is not None:
        expression = call("min", maximum, expression)
    return expression if minimum is None else call("max", minimum, expression)
