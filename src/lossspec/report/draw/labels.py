"""Moves labels apart so that none covers another, each as close to its place as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
