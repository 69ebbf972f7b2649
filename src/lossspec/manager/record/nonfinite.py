"""Finds NaN and infinities among recorded values: raw, weighted and in totals, in every section."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.log.rows import EPOCH, OBJECTIVE_WEIGHT, RAW, STEP, TERM_WEIGHT, WIDTH
from lossspec.log.totals import totals

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Mapping

    from lossspec.log.rows import Sections
    from lossspec.manager.loss.loss import LMLoss

#: The smallest numbers that round to infinity in 16 bits, and in the 32 bits of the log.
_TOO_LARGE_FOR_HALF = 65520.0
_TOO_LARGE = float.fromhex("0x1.ffffffp127")


def describe_nonfinite(sections: Sections, losses: Mapping[str, LMLoss]) -> str:
    """Return which values are NaN or infinite, in which section, how many, and where first; "" for none.

    A weighted value or total is described only if the values that it is made of are finite.

    Args:
        sections: the recorded rows.
        losses: the losses, by name.
    """
    found = (_of_section(section, rows, losses) for section, rows in sections.items())
    return "; ".join(each for texts in found for each in texts)


def _of_section(
    section: str, rows: Mapping[str, array[float]], losses: Mapping[str, LMLoss]
) -> Iterator[str]:
    objectives = {name: losses[name].objective for name in rows}
    done: set[str | None] = set()
    for name, found in rows.items():
        half = losses[name].half
        term, applied = (_TOO_LARGE_FOR_HALF if half == each else _TOO_LARGE for each in ("term", "applied"))
        text = _describe(section, f"`{name}`", found, _TOO_LARGE) or _describe(
            section, f"the weighted value of `{name}`", found, min(term, applied), term
        )
        if text:
            done.add(objectives[name])
            yield text
    of = {name: objective for name, objective in objectives.items() if objective is not None}
    for objective, found in totals(rows, of).items():
        if objective not in done:
            is_half = all(losses[name].half == "term" for name in of if of[name] == objective)
            limit = _TOO_LARGE_FOR_HALF if is_half else _TOO_LARGE
            text = _describe(section, f"the total of objective `{objective}`", found, limit, limit)
            if text:
                yield text


def _describe(
    section: str, what: str, rows: array[float], limit: float, limit_of_term: float | None = None
) -> str:
    """Describe the rows at or beyond a limit.

    Args:
        section: the section of the rows.
        what: the name of the value.
        rows: the rows.
        limit: what rounds to infinity.
        limit_of_term: the same for the product of raw value and term weight alone. Without it, only the raw
            value is looked at.
    """
    bad: list[tuple[int, float]] = []
    for start in range(0, len(rows), WIDTH):
        value = rows[start + RAW]
        if limit_of_term is not None:
            value *= rows[start + TERM_WEIGHT]
            if abs(value) < limit_of_term:
                value *= rows[start + OBJECTIVE_WEIGHT]
        if not abs(value) < limit:  # true for NaN
            bad.append((start, value))
    if not bad:
        return ""
    start, value = bad[0]
    shown = value if math.isnan(value) else math.copysign(math.inf, value)
    place = f"epoch {rows[start + EPOCH]:g}, step {rows[start + STEP]:g}"
    where = "training" if section == "losses" else section
    return f"{what} is {shown} in {where} ({len(bad)} of {len(rows) // WIDTH} values, first at {place})"
