"""Puts the values of a run on one axis: one point a position, with the time of recording.

Exports of a log and the writers of a manager share these points and their names.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from attrs import evolve, fields, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lossspec.log.reading.columns import LossColumns
    from lossspec.log.reading.reader import LossLogData

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


#: The columns of a loss that a point has, in the order of its attributes.
_COLUMNS = tuple(each.name for each in fields(Point))[1:]


@frozen
class SeriesPoint:
    """A point of one series of a run.

    Attributes:
        section: "training", or the name of a validation section.
        name: the loss, or the objective if it is a total.
        is_total: whether it is the total of an objective.
        point: the point.
    """

    section: str
    name: str
    is_total: bool
    point: Point

    def values(self) -> dict[str, float]:
        """Return the values by tag: raw value, applied weight and weighted value of a loss; or the total.

        >>> point = Point(7, 2.0, 10.0, 0.5, 10.0, 0.0, 7, 4, 0.0)
        >>> SeriesPoint("training", "G_L1", False, point).values()
        {'raw/G_L1': 2.0, 'weight/G_L1': 5.0, 'weighted/G_L1': 10.0}
        >>> SeriesPoint("unseen", "G", True, point).values()
        {'unseen/total/G': 10.0}
        """
        start = "" if self.section == "training" else f"{self.section}/"
        point = self.point
        if self.is_total:
            return {f"{start}total/{self.name}": point.weighted}
        return {
            f"{start}raw/{self.name}": point.raw,
            f"{start}weight/{self.name}": point.term_weight * point.objective_weight,
            f"{start}weighted/{self.name}": point.weighted,
        }


def section_of(tag: str) -> str:
    """Return the section of a tag of ``SeriesPoint.values``.

    >>> section_of("raw/G_L1"), section_of("unseen/total/G")
    ('training', 'unseen')
    """
    section, _, rest = tag.partition("/")
    return section if "/" in rest else "training"


def series(log: LossLogData, *, whole: bool = False) -> Iterator[SeriesPoint]:
    """Return the points of a log on its axis: by section, then losses and totals, then by position.

    Args:
        log: the log.
        whole: whether positions must be whole numbers: a fractional epoch is rounded down.
    """
    axis = axis_of(log.sections().values())
    for section, losses in log.sections().items():
        for is_total, found in ((False, losses), (True, log.totals.get(section, {}))):
            for name, columns in found.items():
                for point in points(columns, axis, whole=whole):
                    yield SeriesPoint(section, name, is_total, point)


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
    >>> from lossspec.log.reading.columns import LossColumns
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
        return _mean([(column[row], columns.batch_size[row]) for row in rows])

    last = rows[-1]
    if len(rows) == 1:
        return Point(position, *(getattr(columns, name)[last] for name in _COLUMNS))
    samples = sum(columns.batch_size[row] for row in rows)
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


def _mean(values: Sequence[tuple[float, int]]) -> float:
    """Return the mean of values by their numbers of samples; an empty batch, whose value is NaN, weighs 0."""
    samples = sum(count for _, count in values)
    return sum(value * count for value, count in values if count) / samples if samples else math.nan


def merged(first: Point, then: Point) -> Point:
    """Return the mean of two points at one position, of which ``then`` was recorded later.

    >>> first, then = Point(7, 1, 1, 1, 1, 0.0, 7, 3, 0.0), Point(7, 5, 1, 1, 5, 0.0, 7, 1, 9.0)
    >>> merged(first, then) == Point(7, 2.0, 1.0, 1.0, 2.0, 0.0, 7, 4, 9.0)
    True
    """
    samples = first.batch_size + then.batch_size

    def mean(name: str) -> float:
        return _mean([(getattr(each, name), each.batch_size) for each in (first, then)])

    return evolve(
        then,
        raw=mean("raw"),
        term_weight=mean("term_weight"),
        objective_weight=mean("objective_weight"),
        weighted=mean("weighted"),
        batch_size=samples,
    )
