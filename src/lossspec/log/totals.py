"""The totals of objectives, computed from the rows of their terms."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from lossspec.log.rows import EPOCH, OBJECTIVE_WEIGHT, RAW, SAMPLES, STEP, TERM_WEIGHT, TIME, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def totals(losses: Mapping[str, array[float]], objectives: Mapping[str, str]) -> dict[str, array[float]]:
    """Return the rows of the total of each objective: one a call.

    The raw value of a total is the sum of its terms before the objective weight, its term weight is 1. A term
    whose weight is 0 adds 0. A call that skipped a term has the sum of the others: rows belong to one call if
    they are at the same position of the clock, and equally many rows of their loss are before them there.

    Args:
        losses: rows by loss.
        objectives: the objective of each loss that has one.

    >>> row = [3.0, 100.0, 0.5, 0.0, 7.0, 8.0, 60.0], [5.0, 1.0, 0.5, 0.0, 7.0, 8.0, 60.0]
    >>> totals({"G_L1": array("d", row[0]), "G_GAN": array("d", row[1])}, {"G_L1": "G", "G_GAN": "G"})
    {'G': array('d', [305.0, 1.0, 0.5, 0.0, 7.0, 8.0, 60.0])}
    """
    terms: dict[str, list[array[float]]] = {}
    for name, rows in losses.items():
        if name in objectives and rows:
            terms.setdefault(objectives[name], []).append(rows)
    return {name: _sum_in_order(found) or _sum_by_position(found) for name, found in terms.items()}


def _sum_in_order(terms: Sequence[array[float]]) -> array[float] | None:
    """Return the totals if every call has a row of every term; else None."""
    first = terms[0]
    for column in (EPOCH, STEP):
        expected = first[column::WIDTH]
        if any(rows[column::WIDTH] != expected for rows in terms[1:]):
            return None
    found = array("d", first)
    found[RAW::WIDTH] = array("d", map(sum, zip(*map(_contributions, terms), strict=True)))
    found[TERM_WEIGHT::WIDTH] = array("d", [1.0]) * (len(first) // WIDTH)
    return found


def _sum_by_position(terms: Sequence[array[float]]) -> array[float]:
    calls: dict[tuple[float, float, int], list[float]] = {}
    for rows in terms:
        seen: dict[tuple[float, float], int] = {}
        for start, value in zip(range(0, len(rows), WIDTH), _contributions(rows), strict=True):
            row = rows[start : start + WIDTH]
            at = (row[EPOCH], row[STEP])
            seen[at] = seen.get(at, 0) + 1
            rest = row[OBJECTIVE_WEIGHT], *at, row[SAMPLES], row[TIME]
            total = calls.setdefault((*at, seen[at]), [0.0, 1.0, *rest])
            total[RAW] += value
            total[SAMPLES] = max(total[SAMPLES], row[SAMPLES])
    return array("d", [value for at in sorted(calls) for value in calls[at]])


def _contributions(rows: array[float]) -> Iterable[float]:
    pairs = zip(rows[RAW::WIDTH], rows[TERM_WEIGHT::WIDTH], strict=True)
    return [raw * weight if weight else 0.0 for raw, weight in pairs]
