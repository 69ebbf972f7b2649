"""What the probes of a run found, as rows: shares of the gradient, and terms that pull against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.log.reading.columns import LoggedProbe
    from lossspec.report.draw.text import Row

#: At most so many pairs of terms, those with the lowest mean cosine.
PAIRS = 10


def probe_rows(probes: Sequence[LoggedProbe]) -> list[Row]:
    """Return a head, a row for each term, and one for each of the pairs that agree least.

    A share is that of the gradient: at the first probe, on average, and at the last one. For two terms, the
    same for the cosine between their gradients.

    >>> from lossspec.log.reading.columns import LoggedProbe
    >>> first = LoggedProbe("G", 0.0, 0, {"a": (0.5, 0.2), "b": (0.5, 0.8)}, {("a", "b"): -0.5})
    >>> last = LoggedProbe("G", 1.0, 9, {"a": (0.5, 0.4), "b": (0.5, 0.6)}, {("a", "b"): 0.1})
    >>> for row in probe_rows([first, last]):
    ...     print(*row, sep=" | ")
    term | objective | first | mean | last
    a | G | 20.0% | 30.0% | 40.0%
    b | G | 80.0% | 70.0% | 60.0%
    a and b | G | -0.50 | -0.20 | 0.10
    """
    shares: dict[tuple[str, str], list[float]] = {}
    cosines: dict[tuple[str, str, str], list[float]] = {}
    for each in probes:
        for name, (_, share) in each.shares.items():
            shares.setdefault((name, each.objective), []).append(share)
        for pair, cosine in each.cosines.items():
            if cosine is not None:
                cosines.setdefault((*pair, each.objective), []).append(cosine)
    if not shares:
        return []
    rows: list[Row] = [("term", "objective", "first", "mean", "last")]
    rows += [
        (*key, *(f"{number:.1%}" for number in (found[0], sum(found) / len(found), found[-1])))
        for key, found in shares.items()
    ]
    least = sorted(cosines.items(), key=lambda item: sum(item[1]) / len(item[1]))[:PAIRS]
    rows += [
        (f"{a} and {b}", objective, *(f"{n:.2f}" for n in (found[0], sum(found) / len(found), found[-1])))
        for (a, b, objective), found in least
    ]
    return rows
