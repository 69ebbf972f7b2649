"""The format of a loss log: strict JSON Lines, with the columns of each loss."""

from __future__ import annotations

import json
import math
from array import array
from typing import TYPE_CHECKING, Any, cast

from lossspec.log.rows import (
    EPOCH,
    OBJECTIVE_WEIGHT,
    RAW,
    SAMPLES,
    STEP,
    TERM_WEIGHT,
    TIME,
    WIDTH,
    weighted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lossspec.log.rows import Sections

FORMAT = 1
#: The sections that are members of every chunk: training, and validation without a name of its own.
SECTIONS = ("losses", "validation")
#: What validation sections cannot be called: the names of training, in the log and in exports.
RESERVED = ("losses", "training")
_TRAINING = {"losses": "training"}
FILE_NAME = "loss_log.jsonl"
#: The epoch and step of a row.
Position = tuple[float, int]
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def line(record: Mapping[str, object]) -> bytes:
    """Return a record as one line of UTF-8; surrogates, as in paths that are not UTF-8, are escaped."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace") + b"\n"


def chunk_line(
    number: int, time: float, sections: Sections, totals: Sections, more: Mapping[str, object]
) -> bytes:
    """Return the record of one flush.

    Args:
        number: how many chunks precede it.
        time: when it is written, in seconds since 1970.
        sections: rows by loss, for each section.
        totals: the totals by objective, for each section.
        more: further members of the record.
    """
    record = {"record": "chunk", "chunk": number, "time": time, **more}
    head = json.dumps(record, allow_nan=False, separators=(",", ":"))
    write = _Columns(time)
    parts = [head[:-1]]
    parts += [f'"{section}":{write.losses(sections.get(section, {}))}' for section in SECTIONS]
    named = [
        f'"{name}":{write.losses(rows)}' for name, rows in sections.items() if name not in SECTIONS and rows
    ]
    if named:
        parts.append(f'"sections":{{{",".join(named)}}}')
    summed = [f'"{_TRAINING.get(name, name)}":{write.losses(rows)}' for name, rows in totals.items() if rows]
    if summed:
        parts.append(f'"totals":{{{",".join(summed)}}}')
    return (",".join(parts) + "}\n").encode()


def sections_of(chunk: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the columns by loss of each section of a chunk."""
    return {**{each: chunk.get(each, {}) for each in SECTIONS}, **chunk.get("sections", {})}


class _Columns:
    """Writes the columns of the losses of a chunk; a column that several of them have is formatted once.

    Args:
        time: when the chunk is written.
    """

    def __init__(self, time: float) -> None:
        self._time = time
        self._written: dict[tuple[int, bytes], str] = {}

    def losses(self, losses: Mapping[str, array[float]]) -> str:
        """Return the columns by loss."""
        columns = ",".join(f'"{name}":{self._of_loss(rows)}' for name, rows in losses.items())
        return f"{{{columns}}}"

    def _of_loss(self, rows: array[float]) -> str:
        raw = rows[RAW::WIDTH]
        columns = {
            "raw": _column(array("f", raw), _short),
            "term_weight": self._common(rows, TERM_WEIGHT),
            "objective_weight": self._common(rows, OBJECTIVE_WEIGHT),
            "weighted": _column(array("f", weighted(rows)), _short),
            "epoch": self._common(rows, EPOCH),
            "step": self._common(rows, STEP),
            "batch_size": self._common(rows, SAMPLES),
            "age": self._common(rows, TIME),
        }
        return (
            "{" + f'"rows":{len(raw)},' + ",".join(f'"{name}":{text}' for name, text in columns.items()) + "}"
        )

    def _common(self, rows: array[float], column: int) -> str:
        values = rows[column::WIDTH]
        key = (column, values.tobytes())
        text = self._written.get(key)
        if text is None:
            if column == TIME:
                values = array("d", [round(self._time - value, 3) for value in values])
            text = self._written[key] = _column(values, _exact)
        return text


def _column(values: array[float], write: Callable[[Iterable[float]], Iterable[str]]) -> str:
    if values.count(values[0]) == len(values):  # one value for all rows; NaN equals nothing, so it is listed
        return next(iter(write(values[:1])))
    return f"[{','.join(write(values))}]"


def _short(values: Iterable[float]) -> Iterable[str]:
    """Write 32-bit floats with nine digits, which restore them exactly."""
    return (f"{value:.9g}" if math.isfinite(value) else f'"{name_of_non_finite(value)}"' for value in values)


def _exact(values: Iterable[float]) -> Iterable[str]:
    for value in values:
        if not math.isfinite(value):  # a weight set by a balancer
            yield f'"{name_of_non_finite(value)}"'
        else:
            yield str(int(value)) if value == int(value) else repr(value)


def name_of_non_finite(value: float) -> str:
    """Return the string that stands for NaN or an infinity in strict JSON."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def numbers(column: object, rows: int) -> list[float]:
    """Return the values of a column: a list with a value a row, or one value for all rows."""
    values: list[float | str] = column if isinstance(column, list) else [cast("float | str", column)] * rows
    return [NON_FINITE[each] if isinstance(each, str) else each for each in values]


def reaches(chunk: Mapping[str, object], position: Position) -> bool:
    """Return whether a chunk has a row at ``position`` or later; False for a damaged one."""
    try:
        sections = sections_of(chunk)
        return any(
            at >= position
            for losses in sections.values()
            for columns in losses.values()
            for at in _clock(columns)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _clock(columns: Mapping[str, object]) -> Iterable[tuple[float, float]]:
    rows = cast("int", columns["rows"])
    return zip(numbers(columns["epoch"], rows), numbers(columns["step"], rows), strict=True)
