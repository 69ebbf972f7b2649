"""Lines and their labels: cuts lines where they overlap or pause, and moves labels apart."""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Line:
    """A named curve: rising positions, and a value at each."""

    name: str
    xs: Sequence[float] = field(repr=False)
    ys: Sequence[float] = field(repr=False)


@frozen
class Part:
    """A stretch of a line along which the same lines overlap.

    Attributes:
        xs: its positions.
        ys: its values.
        rank: the index of this line among the overlapping ones.
        peers: the number of overlapping lines, itself included.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    rank: int
    peers: int


def with_gaps(line: Line) -> Line:
    """Insert a NaN wherever a line pauses, so that nothing is drawn across the gap.

    >>> with_gaps(Line("a", [0.0, 1.0, 2.0, 9.0, 10.0], [1.0] * 5)).ys
    [1.0, 1.0, 1.0, nan, 1.0, 1.0]
    """
    gaps = [after - before for before, after in pairwise(line.xs)]
    usual = 3 * median([gap for gap in gaps if gap > 0] or [0.0])
    xs, ys = list(line.xs[:1]), list(line.ys[:1])
    for gap, x, y in zip(gaps, line.xs[1:], line.ys[1:], strict=True):
        if gap > usual:
            xs.append(x)
            ys.append(math.nan)
        xs.append(x)
        ys.append(y)
    return Line(line.name, xs, ys)


def parts(lines: Sequence[Line]) -> list[list[Part]]:
    """Cut each line wherever the set of lines that overlap with it changes.

    >>> up, flat = Line("up", [0, 1, 2], [1.0, 1.0, 2.0]), Line("flat", [0, 1, 2], [1.0, 1.0, 1.0])
    >>> [[(part.xs, part.rank, part.peers) for part in each] for each in parts([up, flat])]
    [[([0, 1], 0, 2), ([1, 2], 0, 1)], [([0, 1], 1, 2), ([1, 2], 0, 1)]]
    """
    along: dict[tuple[float, ...], list[int]] = {}
    for index, line in enumerate(lines):
        for segment in _segments(line):
            along.setdefault(segment, []).append(index)
    found: list[list[Part]] = []
    for index, line in enumerate(lines):
        segments = enumerate(_segments(line))
        found.append([])
        for peers, group in groupby(segments, key=lambda each: along[each[1]]):
            inside = [at for at, _ in group]
            begin, end = inside[0], inside[-1] + 2
            part = Part(line.xs[begin:end], line.ys[begin:end], peers.index(index), len(peers))
            found[-1].append(part)
    return found


def _segments(line: Line) -> list[tuple[float, ...]]:
    return [(*before, *after) for before, after in pairwise(zip(line.xs, line.ys, strict=True))]


def spread(places: Sequence[float], least: float) -> list[float]:
    """Return the places, in the same order, moved so that any two are at least ``least`` apart.

    Args:
        places: the wanted places.
        least: the least distance between neighbours, above 0.

    >>> [round(place, 3) for place in spread([0.5, 0.5, 0.9], 0.1)]
    [0.45, 0.55, 0.9]
    """
    # A block of touching places is centred on the mean of the places that its members want.
    blocks: list[tuple[float, list[int]]] = []
    for index in sorted(range(len(places)), key=places.__getitem__):
        centre, members = places[index], [index]
        while blocks and centre - blocks[-1][0] < least * (len(members) + len(blocks[-1][1])) / 2:
            before, others = blocks.pop()
            centre = before * len(others) + centre * len(members)
            members = [*others, *members]
            centre /= len(members)
        blocks.append((centre, members))
    found = [0.0] * len(places)
    for centre, members in blocks:
        for rank, index in enumerate(members):
            found[index] = centre + (rank - (len(members) - 1) / 2) * least
    return found
