"""Puts the values of a log on one axis: one point a position, with the time of recording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lossspec.log.reader import LossColumns

Axis = Literal["step", "epoch", "call"]


@frozen
class Point:
    """The mean of the values of a loss at one position, weighted by batch size.

    Attributes:
        position: the step, the epoch, or the number of the call, by the axis.
        raw: the mean of the raw values.
        term_weight: the mean of the term weights.
        objective_weight: the mean of the objective weights.
        weighted: the mean of the weighted values.
        epoch: the epoch of the last value.
        step: the step of the last value.
        batch_size: the number of samples of all values.
        time: when the last value was recorded, in seconds since 1970.
    """

    position: float
    raw: float
    term_weight: float
    objective_weight: float
    weighted: float
    epoch: float
    step: int
    batch_size: int
    time: float


def axis_of(sections: Iterable[Mapping[str, LossColumns]]) -> Axis:
    """Return the axis of all series of a run: steps if they were counted, else epochs, else calls."""
    columns = [each for section in sections for each in section.values()]
    if any(any(each.step) for each in columns):
        return "step"
    return "epoch" if any(any(each.epoch) for each in columns) else "call"


def points(columns: LossColumns, axis: Axis, *, whole: bool = False) -> list[Point]:
    """Return the points of a loss, by position.

    Args:
        columns: its values.
        axis: the axis of the run.
        whole: whether positions must be whole numbers: a fractional epoch is rounded down.

    >>> from array import array
    >>> from lossspec.log.reader import LossColumns
    >>> values = LossColumns(*[array("d", [1, 3, 5])] * 5, step=array("q", [0, 0, 1]))
    >>> [(each.position, each.raw) for each in points(values, "step")]
    [(0, 2.0), (1, 5.0)]
    """
    of_axis: dict[Axis, Sequence[float]]
    of_axis = {"step": columns.step, "epoch": columns.epoch, "call": range(len(columns))}
    at = of_axis[axis]
    if whole:
        at = [math.floor(each) for each in at]
    rows: dict[float, list[int]] = {}
    for row, position in enumerate(at):
        rows.setdefault(position, []).append(row)
    return [_point(position, columns, rows[position]) for position in sorted(rows)]


def _point(position: float, columns: LossColumns, rows: Sequence[int]) -> Point:
    def mean(column: Sequence[float]) -> float:
        return sum(column[row] * columns.batch_size[row] for row in rows) / samples

    samples = sum(columns.batch_size[row] for row in rows)
    last = rows[-1]
    return Point(
        position,
        mean(columns.raw),
        mean(columns.term_weight),
        mean(columns.objective_weight),
        mean(columns.weighted),
        columns.epoch[last],
        columns.step[last],
        samples,
        max(columns.time[row] for row in rows),
    )
