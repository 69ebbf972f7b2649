"""The values that a loss recorded over a run, as columns, and their positions on the time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from lossspec.report.arrays import as_column, np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from lossspec.log.reading.columns import LossColumns
    from lossspec.log.reading.reader import LossLogData

AxisUnit = Literal["epoch", "step", "call"]


@frozen(eq=False)
class Series:
    """The rows of one loss, oldest first; every column has the same length.

    Attributes:
        name: the loss.
        objective: its objective; "" for a loss that was registered in code.
        raw: the mean of each result before weighting.
        weight: the applied weight: the term's times its objective's.
        weighted: the mean of each result after weighting.
        epoch: the epoch of each row; can be fractional.
        step: the optimiser step of each row.
        samples: the batch size of each row.
    """

    name: str
    objective: str
    raw: NDArray[Any] = field(converter=as_column, repr=False)
    weight: NDArray[Any] = field(converter=as_column, repr=False)
    weighted: NDArray[Any] = field(converter=as_column, repr=False)
    epoch: NDArray[Any] = field(converter=as_column, repr=False)
    step: NDArray[Any] = field(converter=as_column, repr=False)
    samples: NDArray[Any] = field(converter=as_column, repr=False)

    @samples.default
    def _one_each(self) -> list[int]:
        return [1] * len(self.raw)

    def __len__(self) -> int:
        return len(self.raw)


@frozen
class Axis:
    """The time axis of a run: epochs if it has several, else steps, else calls in order.

    Attributes:
        unit: the unit, and the label.
        begin: where it begins.
        end: where it ends: the end of the last epoch or step.
        first_steps: the first step of each epoch, by the epoch's number.
        steps: how many steps each epoch has.
    """

    unit: AxisUnit
    begin: float
    end: float
    first_steps: Mapping[int, float] = field(factory=dict)
    steps: Mapping[int, float] = field(factory=dict)

    @classmethod
    def of(cls, run: Iterable[Series], unit: AxisUnit | None = None) -> Axis:
        """Return the axis in ``unit``, or in the first unit that distinguishes the rows of ``run``."""
        run = list(run)
        first: dict[int, float] = {}
        last: dict[int, float] = {}
        for series in filter(len, run):
            epochs = np.floor(series.epoch)
            starts = _changes(epochs)
            lowest, highest = (each.reduceat(series.step, starts) for each in (np.minimum, np.maximum))
            stretches = zip(
                epochs[starts].astype(int).tolist(), lowest.tolist(), highest.tolist(), strict=True
            )
            for epoch, low, high in stretches:
                first[epoch] = min(low, first.get(epoch, low))
                last[epoch] = max(high, last.get(epoch, high))
        if unit == "epoch" or (unit is None and len(first) > 1):
            steps = {epoch: last[epoch] - first[epoch] + 1 for epoch in first}
            return cls("epoch", min(first), max(first) + 1, first, steps)
        if unit == "step" or (unit is None and first != last):
            return cls("step", min(first.values()), max(last.values()) + 1)
        return cls("call", 0, max((len(series) for series in run), default=1))

    def resumes(self, log: LossLogData) -> list[float]:
        """Return the positions where a run was resumed; none on an axis of calls."""
        if self.unit == "call":
            return []
        return [epoch if self.unit == "epoch" else step for epoch, step in log.resumes]

    def positions(self, series: Series) -> NDArray[np.float64]:
        """Return the position of each row of ``series``.

        Rows of one epoch are spread over it: by their steps, or evenly if the run did not count steps.
        A fractional epoch is the position itself.

        >>> rows = Series("a", "G", *[[1.0] * 4] * 3, epoch=[0, 0, 1, 1], step=[0, 1, 2, 3])
        >>> Axis.of([rows]).positions(rows).tolist()
        [0.0, 0.5, 1.0, 1.5]
        """
        if self.unit == "step":
            return series.step.astype(np.float64)
        if self.unit == "call" or not len(series):
            return np.arange(len(series), dtype=np.float64)
        epochs = np.floor(series.epoch)
        own = np.unique(epochs[_changes(epochs)])
        which = np.searchsorted(own, epochs)
        first = np.array([self.first_steps.get(int(epoch), 0) for epoch in own])[which]
        steps = np.array([self.steps.get(int(epoch), 1) for epoch in own])[which]
        whole = series.epoch == epochs
        found = np.where(whole, epochs + (series.step - first) / steps, series.epoch)
        uncounted = whole & (steps <= 1)
        if uncounted.any():
            groups = which[uncounted]
            found[uncounted] = epochs[uncounted] + _ranks(groups) / np.bincount(which)[groups]
        return found


def _changes(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the indices where a value differs from the one before it, and the first index."""
    return np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))


def _ranks(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number of earlier elements of the same group, for each."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    found = np.empty_like(order)
    found[order] = np.arange(len(groups)) - (np.cumsum(sizes) - sizes)[groups[order]]
    return found


def series_of(log: LossLogData, losses: Mapping[str, LossColumns] | None = None) -> list[Series]:
    """Return the series of a run, in the order of its spec.

    Args:
        log: the log.
        losses: ``log.losses`` by default; ``log.validations[name]`` for those of a validation section.
    """
    found = log.losses if losses is None else losses
    about = log.header.get("losses", {})
    names = [*(name for name in about if name in found), *(name for name in found if name not in about)]
    return [_series(name, about.get(name, {}).get("objective") or "", found[name]) for name in names]


def _series(name: str, objective: str, rows: LossColumns) -> Series:
    with np.errstate(over="ignore", invalid="ignore"):  # a balancer can return an infinite weight
        weight = np.multiply(rows.term_weight, rows.objective_weight)
    columns = rows.raw, weight, rows.weighted, rows.epoch, rows.step, rows.batch_size
    samples = np.asarray(rows.batch_size)
    if not samples.all():  # an empty batch has no mean
        return Series(name, objective, *(np.asarray(each)[samples > 0] for each in columns))
    return Series(name, objective, *columns)
