"""A table of a run: every term at the beginning and at the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.report.arrays import np
from lossspec.report.draw.text import Row, figure, grid
from lossspec.report.run.series import Axis, series_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.log.reading.reader import LossLogData
    from lossspec.report.run.series import Series

#: In a run without epochs, the part of its steps that is "first", and the part that is "last".
PART = 0.1
QUANTITIES = ("weight", "raw", "weighted")


def first_and_last(log: LossLogData) -> str:
    """Return a table of the weight, raw and weighted value of every term at the beginning and the end.

    Each number is a mean over the samples of the first or the last epoch, or of the first or last tenth of
    the steps if the run has only one epoch. The total of an objective is the mean of the sum of its terms.
    "-" means that a term was not computed.

    Args:
        log: a log from ``lossspec.read_log``.

    Returns:
        Plain text with a block for each objective.
    """
    rows = first_and_last_rows(log)
    return grid(rows) if rows else "nothing was recorded"


def first_and_last_rows(log: LossLogData) -> list[Row]:
    """Return the rows of the table; none if nothing was recorded."""
    run = series_of(log)
    if not run:
        return []
    windows = _windows(run)
    names = [window.name for window in windows]
    blank = [""] * (len(windows) - 1)
    rows: list[Row] = [
        ("", *(cell for quantity in QUANTITIES for cell in (*blank, quantity, ""))),
        ("term", *(*names, "") * len(QUANTITIES)),
    ]
    objectives = list(dict.fromkeys(series.objective for series in run))
    for objective in objectives:
        if objectives != [""]:
            rows += [(), (f"objective {objective}" if objective else "no objective",)]
        rows += _block(objective, [each for each in run if each.objective == objective], windows)
    return [row[:-1] if row[-1:] == ("",) else row for row in rows]


@frozen
class Window:
    """A stretch of a run by epochs or steps, from ``begin`` up to, but not including, ``end``."""

    name: str
    begin: float
    end: float
    by_step: bool = False

    def mean(self, term: Series) -> dict[str, float]:
        """Return the means of a term over the window, and its samples; empty if it was not computed there."""
        clock = term.step if self.by_step else term.epoch
        inside = (self.begin <= clock) & (clock < self.end)
        if not inside.any():
            return {}
        samples = term.samples[inside].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # the mean of infinities is infinite or NaN
            means = {
                name: float(np.average(getattr(term, name)[inside], weights=samples)) for name in QUANTITIES
            }
        return {**means, "samples": float(samples.sum())}


def _windows(run: Sequence[Series]) -> list[Window]:
    axis = Axis.of(run)
    if axis.unit == "epoch":
        epochs = (int(axis.begin), int(axis.end) - 1)
        return [Window(f"epoch {epoch}", epoch, epoch + 1) for epoch in epochs]
    if axis.unit == "call":
        return [Window("mean", -math.inf, math.inf)]
    first = min(int(series.step[0]) for series in run if series)
    end = max(int(series.step[-1]) for series in run if series) + 1
    length = max(1, math.floor((end - first) * PART))
    return [_steps(first, first + length), _steps(end - length, end)]


def _steps(begin: float, end: float) -> Window:
    name = f"step {begin:.0f}" if end == begin + 1 else f"steps {begin:.0f}-{end - 1:.0f}"
    return Window(name, begin, end, by_step=True)


def _block(objective: str, terms: Sequence[Series], windows: Sequence[Window]) -> list[Row]:
    rows: list[Row] = []
    means = [[window.mean(term) for window in windows] for term in terms]
    for term, found in zip(terms, means, strict=True):
        cells = [
            cell for quantity in QUANTITIES for cell in (*(figure(mean.get(quantity)) for mean in found), "")
        ]
        rows.append((f"  {term.name}", *cells))
    if objective and len(terms) > 1:
        totals = [_total([found[at] for found in means]) for at in range(len(windows))]
        rows.append(("  total", *[""] * 2 * (len(windows) + 1), *map(figure, totals)))
    return rows


def _total(means: Sequence[dict[str, float]]) -> float | None:
    """Return the mean total; a term that some calls skip counts only in the others."""
    found = list(filter(None, means))
    if not found:
        return None
    samples = max(mean["samples"] for mean in found)
    return sum(mean["weighted"] * mean["samples"] for mean in found) / samples
