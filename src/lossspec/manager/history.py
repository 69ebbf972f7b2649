"""What a loss recorded: a row for every call, in one flat buffer."""

from __future__ import annotations

from array import array
from struct import Struct, calcsize, pack_into
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A row: the mean before weighting, the term's weight, its objective's weight, the clock, the batch size.
RAW, WEIGHT, SCALE, EPOCH, STEP, SAMPLES = range(6)
WIDTH = 6
ROW = Struct(f"{WIDTH}d")
_FIRST_ROWS = 64


class LMHistory:
    """The values that a loss recorded since the log was last written, oldest first.

    ``losses``, ``weights`` and ``raw`` are copies in 32-bit floats. The newest value is known even after
    the rest went to the log.

    Args:
        limit: how many rows are kept at most. The oldest go first, and are counted in ``lost``.
        slack: how many more the buffer may hold until ``trim`` is called.

    Example:
        >>> history = LMHistory()
        >>> history.add(0.5, 100.0, 0.5, 3, 40, 1)
        >>> history.raw[0], history.weights[0], history.losses[0]
        (0.5, 50.0, 25.0)
    """

    __slots__ = ("_last", "_most", "buffer", "end", "limit", "lost", "used")

    def __init__(self, limit: int = 50_000, slack: int = _FIRST_ROWS) -> None:
        self.limit = limit
        self.lost = 0
        self._most = (limit + slack) * ROW.size
        self._last: array[float] = array("d")
        # A recorder packs a row at `used`, then moves `used`: a reader in another thread never sees half a
        # row. From `end` on it has someone make room; there is always room for one row more.
        self.end = min(_FIRST_ROWS * ROW.size, self._most)
        self.buffer = bytearray(self.end + ROW.size)
        self.used = 0

    def add(self, *row: float) -> None:
        """Add a row: its values in the order of this module's constants."""
        if self.used == len(self.buffer):
            self.buffer = self.buffer + bytearray(len(self.buffer))
        ROW.pack_into(self.buffer, self.used, *row)
        self.used += ROW.size

    def weigh_last(self, weight: float) -> None:
        """Set the term's weight of the newest row."""
        pack_into("d", self.buffer, self.used - ROW.size + WEIGHT * calcsize("d"), weight)

    def grow(self) -> bool:
        """Make the buffer larger, if it may be; say whether it did."""
        if self.end == self._most:
            return False
        self.end = min(2 * self.end, self._most)
        self.buffer = self.buffer + bytearray(max(0, self.end + ROW.size - len(self.buffer)))
        return True

    def trim(self) -> None:
        """Drop the oldest rows beyond the limit, and count them."""
        surplus = self.used - self.limit * ROW.size
        if surplus > 0:
            self.buffer[: self.limit * ROW.size] = self.buffer[surplus : self.used]
            self.used -= surplus
            self.lost += surplus // ROW.size

    def take(self) -> array[float]:
        """Hand over all rows and start anew; the newest value is still known."""
        self.trim()
        rows, self._last = self.rows, self.last
        self.used = 0
        return rows

    @property
    def rows(self) -> array[float]:
        """A copy of the rows, flat."""
        rows = array("d")
        rows.frombytes(self.buffer[max(0, self.used - self.limit * ROW.size) : self.used])
        return rows

    @property
    def last(self) -> array[float]:
        """The newest row, also after the rest was taken; empty if there never was one."""
        used = self.used
        if not used:
            return self._last
        row = array("d")
        row.frombytes(self.buffer[used - ROW.size : used])
        return row

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
        return min(self.used // ROW.size, self.limit)

    def __repr__(self) -> str:
        return f"LMHistory({len(self)} rows)"


def weighted(rows: array[float]) -> Iterable[float]:
    """Return the weighted value of each row."""
    weights = map(float.__mul__, rows[WEIGHT::WIDTH], rows[SCALE::WIDTH])
    return map(float.__mul__, rows[RAW::WIDTH], weights)
