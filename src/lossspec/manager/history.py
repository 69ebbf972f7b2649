"""What a loss recorded: a row for every call, in one flat array."""

from __future__ import annotations

from array import array

#: A row: the mean before weighting, the term's weight, its objective's weight, the clock, the batch size.
RAW, WEIGHT, SCALE, EPOCH, STEP, SAMPLES = range(6)
WIDTH = 6


class LMHistory:
    """The values that a loss recorded since they were last written, oldest first.

    ``losses``, ``weights`` and ``raw`` are copies in 32-bit floats; the last value of each is kept when
    the rest goes to the log.

    Args:
        limit: how many rows are kept at most. The oldest go first, and are counted in ``lost``.

    Example:
        >>> history = LMHistory()
        >>> history.rows.extend((0.5, 100.0, 0.5, 3, 40, 1))
        >>> history.raw[0], history.weights[0], history.losses[0]
        (0.5, 50.0, 25.0)
    """

    __slots__ = ("_last", "limit", "lost", "room", "rows")

    def __init__(self, limit: int = 50_000) -> None:
        self.limit = limit
        self.room = (limit + limit // 8 + 64) * WIDTH  # what the array may grow to before someone trims it
        self.lost = 0
        self.rows: array[float] = array("d")
        self._last: array[float] = array("d")

    def __len__(self) -> int:
        return min(len(self.rows) // WIDTH, self.limit)

    def __repr__(self) -> str:
        return f"LMHistory({len(self)} rows)"

    @property
    def raw(self) -> array[float]:
        """The mean of each result before weighting."""
        return array("f", self._kept()[RAW::WIDTH])

    @property
    def weights(self) -> array[float]:
        """The weight that was applied to each: the term's times its objective's."""
        rows = self._kept()
        return array("f", map(float.__mul__, rows[WEIGHT::WIDTH], rows[SCALE::WIDTH]))

    @property
    def losses(self) -> array[float]:
        """The mean of each result after weighting."""
        rows = self._kept()
        weights = map(float.__mul__, rows[WEIGHT::WIDTH], rows[SCALE::WIDTH])
        return array("f", map(float.__mul__, rows[RAW::WIDTH], weights))

    @property
    def last(self) -> array[float]:
        """The newest row, also after the rest went to the log; empty if there never was one."""
        return self.rows[-WIDTH:] or self._last

    def take(self) -> array[float]:
        """Hand over all rows and start anew; the newest value is still known."""
        self.trim()
        rows, self._last, self.rows = self.rows, self.last, array("d")
        return rows

    def trim(self) -> None:
        """Drop the oldest rows beyond the limit, and count them."""
        surplus = len(self.rows) // WIDTH - self.limit
        if surplus > 0:
            del self.rows[: surplus * WIDTH]
            self.lost += surplus

    def _kept(self) -> array[float]:
        return self.rows[-self.limit * WIDTH :]  # a copy: a view would stop the array from growing
