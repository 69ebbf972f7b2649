"""The data of the HTML report: every curve cut into stretches, its numbers packed."""

from __future__ import annotations

import base64
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.names import abbreviate
from lossspec.report.arrays import np
from lossspec.report.draw.envelope import Envelope, envelope
from lossspec.report.run.series import Axis, series_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.log.reading.reader import LossLogData
    from lossspec.report.run.series import AxisUnit, Series

#: The default number of stretches of a run: more than a screen has pixels.
STRETCHES = 2000


@frozen
class NamedLog:
    """A log and the name of its run in the report."""

    name: str
    log: LossLogData


def named(logs: Sequence[LossLogData]) -> list[NamedLog]:
    """Name each run by the shortest ending of its folder that distinguishes it from the others."""
    names = shortest([log.path.parent for log in logs])
    return [NamedLog(name, log) for name, log in zip(names, logs, strict=True)]


def shortest(folders: list[Path]) -> list[str]:
    """Return the shortest endings that distinguish the paths.

    >>> shortest([Path("/data/runs/7"), Path("/data/runs/8"), Path("/old/runs/7")])
    ['data/runs/7', '8', 'old/runs/7']
    """
    whole = [Path(os.path.abspath(folder)).parts for folder in folders]  # noqa: PTH100 - resolve follows links
    found = []
    for parts in whole:
        length = 1
        while length < len(parts) and [other[-length:] for other in whole].count(parts[-length:]) > 1:
            length += 1
        found.append(str(Path(*parts[-length:])))
    return found


def page_data(runs: Sequence[NamedLog], stretches: int = STRETCHES) -> dict[str, object]:
    """Return the data that the page draws, for JSON.

    Numbers are little-endian 32-bit floats in base64: ``x``, the mean position of each stretch, and ``mean``,
    ``low`` and ``high`` of the raw value, the weighted value and the weight.

    Args:
        runs: at least one.
        stretches: the number of stretches of the time axis.
    """
    recorded = [series_of(run.log) for run in runs]
    sections = list(dict.fromkeys(name for run in runs for name in run.log.validations))
    names = short_names(
        [name for run in recorded for each in run for name in (each.name, each.objective)] + sections
    )
    axes = _axes(recorded)
    span = (min(axis.begin for axis in axes), max(axis.end for axis in axes))
    return {
        "unit": axes[0].unit,
        "begin": span[0],
        "end": span[1],
        "stretches": stretches,
        "sections": [names[each] for each in sections],
        "runs": [
            {
                "name": run.name,
                "resumes": axis.resumes(run.log),
                "losses": _losses(run.log, series, _Cut(axis, *span, stretches, names)),
            }
            for run, series, axis in zip(runs, recorded, axes, strict=True)
        ],
    }


@frozen
class _Cut:
    """How the values of a run are cut: its axis, the range of all runs, the stretches, and short names."""

    axis: Axis
    begin: float
    end: float
    stretches: int
    names: Mapping[str, str]

    def pack(self, series: Series) -> dict[str, object]:
        xs = self.axis.positions(series)
        raw, weight, weighted = (
            envelope(xs, column, self.begin, self.end, self.stretches, samples=series.samples)
            for column in (series.raw, series.weight, series.weighted)
        )
        return {
            "name": self.names[series.name],
            "objective": self.names[series.objective],
            "x": packed(raw.x),
            "count": packed(raw.count) if any(count != 1 for count in raw.count) else None,
            "raw": _column(raw),
            "weighted": _column(weighted),
            "weight": _column(weight),
            "broken": [[x, count] for x, count in zip(raw.x, raw.broken, strict=True) if count],
        }


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return names as the page shows them: long ones are cut in the middle, and stay different.

    >>> found = short_names(["l1", "a" * 200, "a" * 300])
    >>> list(map(len, found.values())), len(set(found.values()))
    ([2, 100, 102], 3)
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        short, number = abbreviate(name), 1
        while short in taken:
            number += 1
            short = f"{abbreviate(name)} {number}"
        taken.add(short)
        found[name] = short
    return found


def packed(values: Sequence[float]) -> str:
    """Return numbers as base64 of little-endian 32-bit floats.

    >>> packed([1.0, -2.0])
    'AACAPwAAAMA='
    """
    with np.errstate(over="ignore"):  # a number too large for 32 bits becomes infinite
        floats = np.asarray(values).astype("<f4")
    return base64.b64encode(floats.tobytes()).decode("ascii")


def _column(found: Envelope) -> dict[str, object]:
    """Return the shortest form of a column: a constant, the means, or means, lows and highs."""
    if np.array_equal(found.low, found.high, equal_nan=True):
        if len(set(found.mean)) == 1 and math.isfinite(found.mean[0]):
            return {"constant": found.mean[0]}
        return {"mean": packed(found.mean)}
    return {"mean": packed(found.mean), "low": packed(found.low), "high": packed(found.high)}


def _losses(log: LossLogData, series: Sequence[Series], cut: _Cut) -> list[dict[str, object]]:
    drawn = {each.name for each in series}  # a validation curve is drawn beside that of training
    sections = {
        section: {each.name: cut.pack(each) for each in series_of(log, losses) if each.name in drawn}
        for section, losses in log.validations.items()
    }
    return [
        {
            **cut.pack(each),
            "validation": {
                cut.names[name]: found[each.name] for name, found in sections.items() if each.name in found
            },
        }
        for each in series
    ]


def _axes(recorded: Sequence[Sequence[Series]]) -> list[Axis]:
    """Return the axis of each run, all in the same unit."""
    axes = [Axis.of(series) for series in recorded]
    units = {axis.unit for axis in axes}
    if len(units) == 1:
        return axes
    unit: AxisUnit = "call" if "call" in units else "step"
    return [Axis.of(series, unit) for series in recorded]
