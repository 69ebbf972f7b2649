"""What one loss recorded over a run, as columns, and where each row stands on the time axis."""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lossspec.manager.log_reader import LossColumns, LossLogData

AxisUnit = Literal["epoch", "step", "call"]


@frozen
class Series:
    """The rows of one loss, oldest first; every column has the same length.

    Attributes:
        name: the loss.
        objective: the total that it belongs to; "" for one that was registered by hand.
        raw: the mean of each result before weighting.
        weight: the weight that was applied: the term's times its objective's.
        weighted: the mean of each result after weighting.
        epoch: the epoch of each row; may be fractional.
        step: the optimiser step of each row.
    """

    name: str
    objective: str
    raw: Sequence[float] = field(repr=False)
    weight: Sequence[float] = field(repr=False)
    weighted: Sequence[float] = field(repr=False)
    epoch: Sequence[float] = field(repr=False)
    step: Sequence[float] = field(repr=False)

    def __len__(self) -> int:
        return len(self.raw)


@frozen
class Axis:
    """The time axis of a run: epochs if it has several, else steps, else calls in order.

    Attributes:
        unit: what it counts, and its label.
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
        """Return the axis that tells the rows of ``run`` apart, or the one in ``unit``."""
        run = list(run)
        first: dict[int, float] = {}
        last: dict[int, float] = {}
        for series in run:
            for epoch, step in zip(map(math.floor, series.epoch), series.step, strict=True):
                if epoch not in first:
                    first[epoch] = last[epoch] = step
                elif step > last[epoch]:
                    last[epoch] = step
                elif step < first[epoch]:
                    first[epoch] = step
        if unit == "epoch" or (unit is None and len(first) > 1):
            steps = {epoch: last[epoch] - first[epoch] + 1 for epoch in first}
            return cls("epoch", min(first), max(first) + 1, first, steps)
        if unit == "step" or (unit is None and first != last):
            return cls("step", min(first.values()), max(last.values()) + 1)
        return cls("call", 0, max((len(series) for series in run), default=1))

    def positions(self, series: Series) -> list[float]:
        """Return where each row of ``series`` stands.

        Rows of one epoch are spread over it: by their steps, or evenly if the run did not count steps.
        An epoch that is fractional already says itself where a row stands.

        >>> rows = Series("a", "G", *[[1.0] * 4] * 3, epoch=[0, 0, 1, 1], step=[0, 1, 2, 3])
        >>> Axis.of([rows]).positions(rows)
        [0.0, 0.5, 1.0, 1.5]
        """
        if self.unit == "step":
            return list(series.step)
        if self.unit == "call":
            return [float(index) for index in range(len(series))]
        counts: dict[int, int] = {}
        for key in map(math.floor, series.epoch):
            counts[key] = counts.get(key, 0) + 1
        seen = dict.fromkeys(counts, 0)
        found: list[float] = []
        for epoch, step in zip(series.epoch, series.step, strict=True):
            key = math.floor(epoch)
            if epoch != key:
                found.append(epoch)
            elif self.steps[key] > 1:
                found.append(key + (step - self.first_steps[key]) / self.steps[key])
            else:
                found.append(key + seen[key] / counts[key])
                seen[key] += 1
        return found


def series_of(log: LossLogData, losses: Mapping[str, LossColumns] | None = None) -> list[Series]:
    """Return what a run recorded, in the order of its spec.

    Args:
        log: the log.
        losses: its ``losses`` unless given, or its ``validation``.
    """
    found = log.losses if losses is None else losses
    about = log.header.get("losses", {})
    names = [*(name for name in about if name in found), *(name for name in found if name not in about)]
    return [_series(name, about.get(name, {}).get("objective") or "", found[name]) for name in names]


def _series(name: str, objective: str, rows: LossColumns) -> Series:
    weight = list(map(mul, rows.term_weight, rows.objective_weight))
    return Series(name, objective, rows.raw, weight, rows.weighted, rows.epoch, rows.step)
