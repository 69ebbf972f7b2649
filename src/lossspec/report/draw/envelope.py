"""Reduces a curve to few points: each stretch keeps its lowest, mean and highest value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.report.arrays import np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@frozen
class Envelope:
    """A curve in stretches: columns of equal length, without empty stretches.

    Attributes:
        x: the mean position of the values of each stretch.
        low: the lowest finite value of each; NaN if it has none.
        mean: the mean of the finite values, weighted by batch size.
        high: the highest finite value.
        broken: the number of values that are NaN or infinite.
        count: the number of all values.
    """

    x: list[float]
    low: list[float]
    mean: list[float]
    high: list[float]
    broken: list[int]
    count: list[int]

    def __len__(self) -> int:
        return len(self.x)


def envelope(
    xs: ArrayLike,
    ys: ArrayLike,
    begin: float,
    end: float,
    stretches: int,
    *,
    samples: ArrayLike | None = None,
) -> Envelope:
    """Cut ``begin`` to ``end`` into equal stretches and summarise the values of each.

    Args:
        xs: positions from ``begin`` to ``end``, in any order.
        ys: the value at each position.
        begin: where the first stretch begins.
        end: where the last one ends.
        stretches: the number of stretches.
        samples: the batch size of each value; by default all are equal.

    >>> import math
    >>> found = envelope([0, 1, 2, 3], [1.0, 5.0, 2.0, math.nan], 0, 4, 2)
    >>> found.x, found.low, found.mean, found.high, found.broken
    ([0.5, 2.5], [1.0, 2.0], [3.0, 2.0], [5.0, 2.0], [0, 1])
    """
    at, values = np.asarray(xs, dtype=np.float64), np.asarray(ys)
    counted = np.ones(len(at), dtype=np.int64) if samples is None else np.asarray(samples)
    if not len(at):
        return Envelope([], [], [], [], [], [])
    if np.any(at[1:] < at[:-1]):  # a clock that was set back
        order = np.argsort(at, kind="stable")
        at, values, counted = at[order], values[order], counted[order]
    starts = _starts(at, begin, end, stretches)
    counts = np.diff(starts, append=len(at))
    finite = np.isfinite(values)
    whole = np.add.reduceat(finite, starts, dtype=np.int64)
    low = np.minimum.reduceat(np.where(finite, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, values, -np.inf), starts)
    with np.errstate(over="ignore", invalid="ignore"):  # the largest floats add up to infinity; 0 / 0 is NaN
        weighted = np.where(finite, values, 0) * counted.astype(np.float64)
        mean = np.add.reduceat(weighted, starts) / np.add.reduceat(np.where(finite, counted, 0), starts)
    for column in (low, high):
        column[whole == 0] = np.nan
    return Envelope(
        x=(np.add.reduceat(at, starts) / counts).tolist(),
        low=low.tolist(),
        mean=np.clip(mean, low, high).tolist(),  # the mean of equal values is that value, not a rounded sum
        high=high.tolist(),
        broken=(counts - whole).tolist(),
        count=counts.tolist(),
    )


def _starts(xs: NDArray[np.float64], begin: float, end: float, stretches: int) -> NDArray[np.intp]:
    """Return the first index of each stretch that is not empty."""
    edges = begin + np.arange(1, stretches) * ((end - begin) / stretches)
    bounds = np.concatenate(([0], np.searchsorted(xs, edges), [len(xs)]))
    return bounds[:-1][np.diff(bounds) > 0]
