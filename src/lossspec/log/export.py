"""Exports a loss log as one JSON document, as CSV, or in the format of NectarGAN's LossManager."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO
from struct import Struct
from typing import TYPE_CHECKING

from attrs import fields

from lossspec.clean import cell as clean_cell
from lossspec.log.format import name_of_non_finite
from lossspec.log.points import Point, series
from lossspec.log.reading.columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lossspec.log.points import SeriesPoint
    from lossspec.log.reading.columns import LossColumns
    from lossspec.log.reading.reader import LossLogData

_FLOAT = Struct("f")
_SINGLE = frozenset({"raw", "weighted"})
_POINT_COLUMNS = tuple(each.name for each in fields(Point))


def as_json(log: LossLogData) -> str:
    """Return the whole log as one strict JSON document; NaN and infinities are strings, as in the log."""
    document = {
        "header": dict(log.header),
        "losses": _tables(log.losses),
        "validation": _tables(log.validation),
        "sections": {
            name: _tables(losses) for name, losses in log.validations.items() if name != "validation"
        },
        "totals": {section: _tables(found) for section, found in log.totals.items()},
        "lost": log.lost,
        "resumes": [{"epoch": epoch, "step": step} for epoch, step in log.resumes],
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False) + "\n"


def as_csv(log: LossLogData) -> str:
    """Return a header line, then one line a position of each loss, with the mean of its values there.

    The total of an objective is the loss ``total/NAME``.

    A name that a spreadsheet would take for a formula begins with ``'``; control characters are text.

    All losses are on one axis: the steps of the clock if they were counted, else its epochs, else the calls.
    """
    return csv_lines(series(log), head=True)


def csv_lines(points: Iterable[SeriesPoint], *, head: bool) -> str:
    """Return a line for each point, after a header line if ``head``."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if head:
        writer.writerow(["loss", "section", *_POINT_COLUMNS])
    for each in points:
        name = f"total/{each.name}" if each.is_total else each.name
        row = [getattr(each.point, column) for column in _POINT_COLUMNS]
        writer.writerow([clean_cell(name), clean_cell(each.section), *map(_cell, _POINT_COLUMNS, row)])
    return text.getvalue()


def as_reference(log: LossLogData) -> str:
    """Return the format that NectarGAN's tools read: the weighted values and applied weights of each loss.

    As that format does, it writes NaN and Infinity bare, which is not strict JSON.
    """
    losses = {
        name: {
            "loss": list(_shortest("weighted", columns.weighted)),
            "weights": [
                term * objective
                for term, objective in zip(columns.term_weight, columns.objective_weight, strict=True)
            ],
        }
        for name, columns in log.losses.items()
    }
    run = {"device": log.header.get("device"), "experiment": log.path.resolve().parent.name}
    return json.dumps({"LOSSMANAGER_LOG": {**run, "loss_functions": losses}}, indent=4) + "\n"


def _tables(losses: Mapping[str, LossColumns]) -> dict[str, dict[str, list[float | str]]]:
    return {
        name: {
            column: [
                value if math.isfinite(value) else name_of_non_finite(value)
                for value in _shortest(column, getattr(columns, column))
            ]
            for column in COLUMNS
        }
        for name, columns in losses.items()
    }


def _shortest(column: str, values: Iterable[float]) -> Iterable[float]:
    """Return 32-bit values as the shortest decimals that round to them, and others unchanged."""
    return map(_shortest_float, values) if column in _SINGLE else values


def _cell(column: str, value: float) -> float:
    return _shortest_float(value) if column in _SINGLE else value


def _shortest_float(value: float) -> float:
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if _FLOAT.unpack(_FLOAT.pack(short))[0] == value:
            return short
    return float(f"{value:.9g}")
