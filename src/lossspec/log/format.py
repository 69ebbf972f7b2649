"""The format of a loss log: strict JSON Lines, with the columns of each loss."""

from __future__ import annotations

import json
import math
from array import array
from typing import TYPE_CHECKING, cast

from lossspec.log.rows import EPOCH, OBJECTIVE_WEIGHT, RAW, SAMPLES, STEP, TERM_WEIGHT, WIDTH, weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FORMAT = 1
SECTIONS = ("losses", "validation")
FILE_NAME = "loss_log.jsonl"
#: The epoch and step of a row.
Position = tuple[float, int]
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def line(record: Mapping[str, object]) -> bytes:
    """Return a record as one line of UTF-8; surrogates, as in paths that are not UTF-8, are escaped."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace") + b"\n"


def chunk_line(
    number: int, sections: Mapping[str, Mapping[str, array[float]]], more: Mapping[str, object]
) -> bytes:
    """Return the record of one flush.

    Args:
        number: how many chunks precede it.
        sections: rows by loss, for "losses" and "validation".
        more: further members of the record.
    """
    head = json.dumps({"record": "chunk", "chunk": number, **more}, allow_nan=False, separators=(",", ":"))
    parts = [head[:-1]]
    for section, losses in sections.items():
        columns = ",".join(f'"{name}":{_columns(rows)}' for name, rows in losses.items())
        parts.append(f'"{section}":{{{columns}}}')
    return (",".join(parts) + "}\n").encode()


def _columns(rows: array[float]) -> str:
    raw = rows[RAW::WIDTH]
    columns = {
        "raw": _column(array("f", raw), _short),
        "term_weight": _column(rows[TERM_WEIGHT::WIDTH], _exact),
        "objective_weight": _column(rows[OBJECTIVE_WEIGHT::WIDTH], _exact),
        "weighted": _column(array("f", weighted(rows)), _short),
        "epoch": _column(rows[EPOCH::WIDTH], _exact),
        "step": _column(rows[STEP::WIDTH], _exact),
        "batch_size": _column(rows[SAMPLES::WIDTH], _exact),
    }
    return "{" + f'"rows":{len(raw)},' + ",".join(f'"{name}":{text}' for name, text in columns.items()) + "}"


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
    return [_NON_FINITE[each] if isinstance(each, str) else each for each in values]


def reaches(chunk: Mapping[str, object], position: Position) -> bool:
    """Return whether a chunk has a row at ``position`` or later; False for a damaged one."""
    try:
        sections = [cast("Mapping[str, Mapping[str, object]]", chunk.get(each, {})) for each in SECTIONS]
        return any(
            at >= position for losses in sections for columns in losses.values() for at in _clock(columns)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _clock(columns: Mapping[str, object]) -> Iterable[tuple[float, float]]:
    rows = cast("int", columns["rows"])
    return zip(numbers(columns["epoch"], rows), numbers(columns["step"], rows), strict=True)
