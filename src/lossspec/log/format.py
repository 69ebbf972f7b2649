"""The text of a loss log: one JSON object a line, strict, columns by loss."""

from __future__ import annotations

import json
import math
from array import array
from typing import TYPE_CHECKING, cast

from lossspec.log.rows import EPOCH, RAW, SCALE, STEP, WEIGHT, WIDTH, weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FORMAT = 1
SECTIONS = ("losses", "validation")
FILE_NAME = "loss_log.jsonl"
#: Where a row is: its epoch and step.
Position = tuple[float, int]
_NAMES_OF_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def line(record: Mapping[str, object]) -> bytes:
    """Return a record as one line.

    What UTF-8 can't hold, of a path whose bytes are no text, is written as JSON escapes it.
    """
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace") + b"\n"


def chunk_line(
    number: int, sections: Mapping[str, Mapping[str, array[float]]], more: Mapping[str, object]
) -> bytes:
    """Return the record of one flush.

    Args:
        number: how many chunks came before it.
        sections: rows by loss, for "losses" and "validation".
        more: further members.
    """
    head = json.dumps({"record": "chunk", "chunk": number, **more}, allow_nan=False, separators=(",", ":"))
    parts = [head[:-1]]
    for section, losses in sections.items():
        columns = ",".join(f'"{name}":{_columns(rows)}' for name, rows in losses.items())
        parts.append(f'"{section}":{{{columns}}}')
    return (",".join(parts) + "}\n").encode()


def _columns(rows: array[float]) -> str:
    raw, weight, scale = rows[RAW::WIDTH], rows[WEIGHT::WIDTH], rows[SCALE::WIDTH]
    columns = {
        "raw": _column(array("f", raw), _short),
        "term_weight": _column(weight, _exact),
        "objective_weight": _column(scale, _exact),
        "weighted": _column(array("f", weighted(rows)), _short),
        "epoch": _column(rows[EPOCH::WIDTH], _exact),
        "step": _column(rows[STEP::WIDTH], _exact),
    }
    return "{" + f'"rows":{len(raw)},' + ",".join(f'"{name}":{text}' for name, text in columns.items()) + "}"


def _column(values: array[float], write: Callable[[Iterable[float]], Iterable[str]]) -> str:
    if values.count(values[0]) == len(values):  # one value for all: NaN, which equals nothing, is listed
        return next(iter(write(values[:1])))
    return f"[{','.join(write(values))}]"


def _short(values: Iterable[float]) -> Iterable[str]:
    """Write 32-bit floats with the nine digits that bring them back."""
    return (f"{value:.9g}" if math.isfinite(value) else _non_finite(value) for value in values)


def _exact(values: Iterable[float]) -> Iterable[str]:
    for value in values:
        if not math.isfinite(value):  # a weight that a balance found
            yield _non_finite(value)
        else:
            yield str(int(value)) if value == int(value) else repr(value)


def _non_finite(value: float) -> str:
    return '"NaN"' if math.isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def numbers(column: object, rows: int) -> list[float]:
    """Read a column back: a list of one value a row, or one value for all of them."""
    values: list[float | str] = column if isinstance(column, list) else [cast("float | str", column)] * rows
    return [_NAMES_OF_NON_FINITE[each] if isinstance(each, str) else each for each in values]


def reaches(chunk: Mapping[str, object], position: Position) -> bool:
    """Whether a chunk has a row at ``position`` or later; one that is damaged is the reader's business."""
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
