"""Which flushes of a log count: each resume goes back to one, and those after it are left aside.

They are not lost: a later resume from a later checkpoint brings them back. So a log is a tree of flushes,
and what it holds is the branch that ends in the last one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from lossspec.log.format import Position

Flush = TypeVar("Flush")


@frozen
class _Node(Generic[Flush]):
    """A flush, or a cut that hides the rows from a position on; and what precedes it."""

    parent: _Node[Flush] | None
    flush: Flush | None = None
    cut: Position | None = None


class Lineage(Generic[Flush]):
    """The flushes of a log, in the order of the file.

    >>> log = Lineage()
    >>> for number, text in enumerate("abc"):
    ...     log.add(number, text)
    >>> log.resume_after(1)
    >>> log.add(3, "d")
    >>> [text for text, _ in log.flushes()]
    ['a', 'd']
    >>> log.resume_after(2)  # from a checkpoint that was taken before the first resume
    >>> [text for text, _ in log.flushes()]
    ['a', 'b']
    """

    def __init__(self) -> None:
        self._tip: _Node[Flush] | None = None
        self._after: dict[int, _Node[Flush] | None] = {0: None}

    def add(self, number: int, flush: Flush) -> None:
        """Add a flush, which ``number`` others precede in the file."""
        self._tip = self._after[number + 1] = _Node(self._tip, flush=flush)

    def resume_after(self, count: int) -> None:
        """Go back to the log as it was after ``count`` flushes."""
        known = max((number for number in self._after if number <= count), default=0)
        self._tip = self._after[known]

    def resume_at(self, position: Position) -> None:
        """Go back to the rows before a position of the clock."""
        self._tip = _Node(self._tip, cut=position)

    def flushes(self) -> list[tuple[Flush, Position | None]]:
        """Return the flushes that count, oldest first, and the position from which their rows do not."""
        found: list[tuple[Flush, Position | None]] = []
        cut: Position | None = None
        node = self._tip
        while node is not None:
            if node.cut is not None:
                cut = node.cut if cut is None else min(cut, node.cut)
            if node.flush is not None:
                found.append((node.flush, cut))
            node = node.parent
        return found[::-1]
