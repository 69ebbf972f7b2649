"""The history of a loss: one row a call, in one flat list of numbers."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from heapq import merge
from itertools import starmap
from operator import call, delitem, itemgetter
from typing import TYPE_CHECKING

from lossspec.errors import LossResultError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Rows by loss, for each section of the log: "losses" for training, and the names of validation sections.
Sections = Mapping[str, Mapping[str, "array[float]"]]

#: A row: the mean of the raw result, the term weight, the objective weight, the clock, the batch size, and
#: when it was recorded, in seconds since 1970.
RAW, TERM_WEIGHT, OBJECTIVE_WEIGHT, EPOCH, STEP, SAMPLES, TIME = range(7)
WIDTH = 7
#: The batch size of a gap.
GAP = -1
_SLACK = 64


class LMHistory:
    """The values that a loss recorded since the last flush, oldest first.

    ``losses``, ``weights`` and ``raw`` are copies in 32-bit floats. The newest row stays available after
    a flush.

    A row of ``GAP`` samples is a gap: this process did not compute the loss in a call, but another one may
    have. Only ``unmerged`` has gaps.

    Args:
        limit: the most rows to keep. The oldest are dropped first, and counted in ``lost``.
        slack: how many more rows can accumulate before ``trim`` or ``take`` is called.

    Attributes:
        flat: the rows, one after the other. A recorder adds a row with one ``+=``, so that another thread
            never reads half a row. Once it has ``end`` numbers, the recorder asks for room.
        lost: how many rows were dropped since the last flush.

    Example:
        >>> history = LMHistory()
        >>> history.add(0.5, 100.0, 0.5, 3, 40, 1, 0.0)
        >>> history.raw[0], history.weights[0], history.losses[0]
        (0.5, 50.0, 25.0)
    """

    __slots__ = ("_last", "end", "flat", "limit", "lost")

    def __init__(self, limit: int = 50_000, slack: int = _SLACK) -> None:
        self.limit = limit
        self.lost = 0
        self._last: array[float] = array("d")
        self.end = (limit + slack) * WIDTH
        self.flat: list[float] = []

    def add(self, *row: float) -> None:
        """Add a row, its values in the order of this module's constants."""
        self.flat += row

    def weigh_last(self, weight: float) -> None:
        """Set the term weight of the newest row."""
        self.flat[TERM_WEIGHT - WIDTH] = weight

    def merge(self, start: int) -> None:
        """Merge the rows from ``start`` on, a place in ``flat``, with those before, by the time of recording.

        Rows that waited on a device come after those that the host has added since. Each of the two keeps
        its own order, also where the clock of the machine was set back.
        """
        flat = self.flat
        first, begin = flat[start + TIME], start
        while begin and flat[begin - WIDTH + TIME] > first:
            begin -= WIDTH
        if begin < start:
            parts = [
                [flat[at : at + WIDTH] for at in range(*span, WIDTH)]
                for span in ((begin, start), (start, len(flat)))
            ]
            flat[begin:] = [value for row in merge(*parts, key=itemgetter(TIME)) for value in row]

    def trim(self) -> None:
        """Drop the oldest rows beyond the limit, and count them."""
        surplus = len(self.flat) - self.limit * WIDTH
        if surplus > 0:
            del self.flat[:surplus]
            self.lost += surplus // WIDTH

    def take(self) -> array[float]:
        """Return all rows and remove them; ``last`` keeps the newest.

        Raises:
            LossResultError: a value is complex.
        """
        self.trim()
        self.drop(rows := self.unmerged)
        return without_gaps(rows)

    @property
    def waiting(self) -> array[float]:
        """A copy of all rows, also beyond the limit: a read from a device can bring more."""
        return without_gaps(self.unmerged)

    @property
    def unmerged(self) -> array[float]:
        """A copy of all rows and gaps, to be merged with those of other processes."""
        return _numbers(self.flat)

    def drop(self, rows: array[float]) -> None:
        """Remove ``rows``, the oldest; ``last`` keeps the newest."""
        do_all(self.dropping(rows))

    def dropping(self, rows: array[float]) -> list[Action]:
        """Return what removes ``rows``, the oldest, for ``do_all``."""
        if not rows:
            return []
        last = setattr, self, "_last", without_gaps(rows)[-WIDTH:] or self._last
        return [last, (delitem, self.flat, slice(len(rows)))]

    @property
    def rows(self) -> array[float]:
        """A copy of the rows within the limit, flat."""
        return without_gaps(_numbers(self.flat[-self.limit * WIDTH :]))

    @property
    def last(self) -> array[float]:
        """The newest row, also after a flush; empty before the first."""
        flat = self.flat
        end = len(flat)
        while end and flat[end - WIDTH + SAMPLES] == GAP:
            end -= WIDTH
        return _numbers(flat[end - WIDTH : end]) if end else self._last

    @property
    def raw(self) -> array[float]:
        """The mean of each raw result."""
        return array("f", self.rows[RAW::WIDTH])

    @property
    def weights(self) -> array[float]:
        """The applied weight of each: term weight times objective weight."""
        return array("f", applied_weights(self.rows))

    @property
    def losses(self) -> array[float]:
        """The mean of each weighted result."""
        return array("f", weighted(self.rows))

    def __len__(self) -> int:
        return min(len(self.flat) // WIDTH, self.limit)

    def __repr__(self) -> str:
        return f"LMHistory({len(self)} rows)"


#: A function and its arguments.
Action = tuple[Callable[..., object], *tuple[object, ...]]


def do_all(actions: Iterable[Action]) -> None:
    """Do all of these, or none: no bytecode runs in between, at which a signal handler could raise."""
    deque(starmap(call, actions), maxlen=0)


def without_gaps(rows: array[float]) -> array[float]:
    """Return the rows that are no gaps.

    >>> without_gaps(array("d", [0.5, 1, 1, 0, 0, 4, 60, 0, 1, 1, 0, 1, GAP, 61]))
    array('d', [0.5, 1.0, 1.0, 0.0, 0.0, 4.0, 60.0])
    """
    if GAP not in rows[SAMPLES::WIDTH]:
        return rows
    kept = array("d")
    for start in range(0, len(rows), WIDTH):
        if rows[start + SAMPLES] != GAP:
            kept += rows[start : start + WIDTH]
    return kept


def applied_weights(rows: array[float]) -> Iterable[float]:
    """Return term weight times objective weight of each row."""
    return map(float.__mul__, rows[TERM_WEIGHT::WIDTH], rows[OBJECTIVE_WEIGHT::WIDTH])


def weighted(rows: array[float]) -> Iterable[float]:
    """Return the raw value times the applied weight of each row."""
    return map(float.__mul__, rows[RAW::WIDTH], applied_weights(rows))


def _numbers(values: Sequence[float]) -> array[float]:
    try:
        return array("d", values)
    except TypeError:
        wrong = next(each for each in values if isinstance(each, complex))
        raise LossResultError(f"a loss must be a real number, got {wrong}") from None
