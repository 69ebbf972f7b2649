"""The phases of a curve: where it holds, rises, falls or jumps, as data and in words."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from lossspec.report.draw.text import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

Way = Literal["holds", "rises", "falls"]
#: A change is a jump if it is this many times larger than the changes before and after it.
JUMP = 8.0
#: A curve with more phases than this is described as swinging instead of phase by phase.
MANY = 6


@frozen
class Phase:
    """A stretch along which a curve goes one way.

    Attributes:
        way: whether it holds, rises or falls.
        begin: its first position.
        end: its last position, where the next phase begins unless the curve jumps.
        first: the value at ``begin``.
        last: the value at ``end``.
    """

    way: Way
    begin: float
    end: float
    first: float
    last: float


def phases(xs: Sequence[float], ys: Sequence[float]) -> list[Phase]:
    """Return the phases of a curve in order.

    Args:
        xs: rising positions, at least one.
        ys: the value at each.

    >>> [(each.way, each.begin, each.last) for each in phases(range(6), [9, 9, 9, 6, 3, 0])]
    [('holds', 0, 9), ('falls', 2, 0)]
    >>> [(each.way, each.begin, each.last) for each in phases(range(4), [1, 1, 5, 5])]
    [('holds', 0, 1), ('holds', 2, 5)]
    """
    changes = [after - before for before, after in pairwise(ys)]
    noise = 1e-12 * max(map(abs, ys))
    jumps = [at for at in range(len(changes)) if _jumps(changes, at, noise)]
    found = []
    for begin, end in pairwise([0, *(at + 1 for at in jumps), len(ys)]):
        ways = [(at, _way(changes[at], noise)) for at in range(begin, end - 1)]
        for way, group in groupby(ways, key=lambda each: each[1]):
            inside = [at for at, _ in group]
            first, last = inside[0], inside[-1] + 1
            found.append(Phase(way, xs[first], xs[last], ys[first], ys[last]))
        if not ways:
            found.append(Phase("holds", xs[begin], xs[begin], ys[begin], ys[begin]))
    return found


def in_words(found: Sequence[Phase]) -> str:
    """Return a description of the course of a curve.

    >>> in_words(phases(range(6), [9, 9, 9, 6, 3, 0]))
    '9 until 2, falls to 0 at 5'
    >>> in_words(phases(range(6), [1, 1, 5, 5, 6, 7]))
    '1, jumps to 5 at 2, holds until 3, rises to 7 at 5'
    """
    if len(found) > MANY:
        values = [value for each in found for value in (each.first, each.last)]
        return f"swings between {figure(min(values))} and {figure(max(values))}"
    words = []
    for at, phase in enumerate(found):
        after_jump = at > 0 and found[at - 1].end != phase.begin
        leads_on = at + 1 < len(found) and found[at + 1].begin == phase.end
        if after_jump:
            words.append(f"jumps to {figure(phase.first)} at {figure(phase.begin)}")
        if phase.way == "holds":
            until = f" until {figure(phase.end)}" if leads_on else ""
            if at == 0:
                words.append(f"{figure(phase.first)}{until}")
            elif until or not after_jump:
                words.append(f"holds{until}")
        else:
            origin = f" from {figure(phase.first)}" if at == 0 else ""
            words.append(f"{phase.way}{origin} to {figure(phase.last)} at {figure(phase.end)}")
    return ", ".join(words)


def _way(change: float, noise: float) -> Way:
    if abs(change) <= noise:
        return "holds"
    return "rises" if change > 0 else "falls"


def _jumps(changes: Sequence[float], at: int, noise: float) -> bool:
    neighbours = [abs(change) for change in (*changes[max(at - 1, 0) : at], *changes[at + 1 : at + 2])]
    return abs(changes[at]) > noise and bool(neighbours) and abs(changes[at]) > JUMP * max(neighbours)
