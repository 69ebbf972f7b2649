"""What a loss recorded: a row for every call, in one flat list."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lossspec.errors import LossResultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Rows by loss, for each section of the log.
Sections = Mapping[str, Mapping[str, "array[float]"]]

#: A row: the mean before weighting, the term's weight, its objective's weight, the clock, the batch size.
RAW, WEIGHT, SCALE, EPOCH, STEP, SAMPLES = range(6)
WIDTH = 6
_SLACK = 64


class LMHistory:
    """The values that a loss recorded since the log was last written, oldest first.

    ``losses``, ``weights`` and ``raw`` are copies in 32-bit floats. The newest value is known even after
    the rest went to the log.

    Args:
        limit: how many rows are kept at most. The oldest go first, and are counted in ``lost``.
        slack: how many more may wait until ``trim`` or ``take`` is called.

    Attributes:
        flat: the rows, one after the other. A recorder adds a row with one ``+=``, so that a reader in
            another thread never sees half of one; from ``end`` numbers on it has someone make room.

    Example:
        >>> history = LMHistory()
        >>> history.add(0.5, 100.0, 0.5, 3, 40, 1)
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
        """Add a row: its values in the order of this module's constants."""
        self.flat += row

    def weigh_last(self, weight: float) -> None:
        """Set the term's weight of the newest row."""
        self.flat[WEIGHT - WIDTH] = weight

    def trim(self) -> None:
        """Drop the oldest rows beyond the limit, and count them."""
        surplus = len(self.flat) - self.limit * WIDTH
        if surplus > 0:
            del self.flat[:surplus]
            self.lost += surplus // WIDTH

    def take(self) -> array[float]:
        """Hand over all rows and start anew; the newest value is still known.

        Raises:
            LossResultError: a value is no real number.
        """
        self.trim()
        rows = self.rows
        self.drop(rows)
        return rows

    @property
    def waiting(self) -> array[float]:
        """A copy of all rows, those beyond the limit too: a fetch from a device may bring more than that."""
        return _numbers(self.flat)

    def drop(self, rows: array[float]) -> None:
        """Drop ``rows``, the oldest that wait; the newest value is still known."""
        if rows:
            self._last = rows[-WIDTH:]
            del self.flat[: len(rows)]

    @property
    def rows(self) -> array[float]:
        """A copy of the rows, flat."""
        return _numbers(self.flat[-self.limit * WIDTH :])

    @property
    def last(self) -> array[float]:
        """The newest row, also after the rest was taken; empty if there never was one."""
        return _numbers(self.flat[-WIDTH:]) or self._last

    @property
    def raw(self) -> array[float]:
        """The mean of each result before weighting."""
        return array("f", self.rows[RAW::WIDTH])

    @property
    def weights(self) -> array[float]:
        """The weight that was applied to each: the term's times its objective's."""
        rows = self.rows
        return array("f", map(float.__mul__, rows[WEIGHT::WIDTH], rows[SCALE::WIDTH]))

    @property
    def losses(self) -> array[float]:
        """The mean of each result after weighting."""
        return array("f", weighted(self.rows))

    def __len__(self) -> int:
        return min(len(self.flat) // WIDTH, self.limit)

    def __repr__(self) -> str:
        return f"LMHistory({len(self)} rows)"


def weighted(rows: array[float]) -> Iterable[float]:
    """Return the weighted value of each row."""
    weights = map(float.__mul__, rows[WEIGHT::WIDTH], rows[SCALE::WIDTH])
    return map(float.__mul__, rows[RAW::WIDTH], weights)


def _numbers(values: Sequence[float]) -> array[float]:
    try:
        return array("d", values)
    except TypeError:
        wrong = next(each for each in values if isinstance(each, complex))
        raise LossResultError(f"a loss must be a real number: it returned {wrong}") from None
