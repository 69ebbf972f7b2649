"""Keeps the values of the latest validation, by section, after they were written or dropped."""

from __future__ import annotations

from array import array
from math import nan
from operator import setitem
from typing import TYPE_CHECKING

from lossspec.log.rows import EPOCH, SAMPLES, STEP, WIDTH, weighted
from lossspec.log.totals import totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.log.rows import Action

#: Rows by loss.
Rows = dict[str, "array[float]"]


class LatestValidation:
    """The rows that left the histories, of each section only those at its latest position of the clock."""

    def __init__(self) -> None:
        self._rows: dict[str, Rows] = {}

    def keeping(self, section: str, rows: Mapping[str, array[float]]) -> Action:
        """Return what keeps the latest of the rows that leave the histories of a section, for ``do_all``."""
        return setitem, self._rows, section, _latest(_joined(self._rows.get(section, {}), rows))

    def forget(self) -> None:
        """Drop all rows."""
        self._rows.clear()

    def means(
        self, section: str, waiting: Mapping[str, array[float]], objectives: Mapping[str, str]
    ) -> dict[str, float]:
        """Return the means over samples of the weighted values and totals of the latest validation.

        Args:
            section: the name of the section.
            waiting: the rows that are still in its histories.
            objectives: the objective of each loss that has one.
        """
        latest = _latest(_joined(self._rows.get(section, {}), waiting))
        found = {name: _mean(rows) for name, rows in latest.items()}
        for objective, rows in totals(latest, objectives).items():
            found[objective if objective not in latest else f"{objective}.total"] = _mean(rows)
        return found


def _joined(first: Mapping[str, array[float]], then: Mapping[str, array[float]]) -> Rows:
    found = dict(first)
    for name, rows in then.items():
        found[name] = found.get(name, array("d")) + rows
    return found


def _latest(losses: Rows) -> Rows:
    """Return the rows at the latest position of the clock, without losses that have none there."""
    last = max(((rows[EPOCH - WIDTH], rows[STEP - WIDTH]) for rows in losses.values() if rows), default=None)
    found: Rows = {}
    for name, rows in losses.items():
        start = len(rows)
        while start and (rows[start - WIDTH + EPOCH], rows[start - WIDTH + STEP]) == last:
            start -= WIDTH
        if start < len(rows):
            found[name] = rows[start:]
    return found


def _mean(rows: array[float]) -> float:
    samples = rows[SAMPLES::WIDTH]
    total = sum(value * n for value, n in zip(weighted(rows), samples, strict=True) if n)
    return total / sum(samples) if any(samples) else nan
