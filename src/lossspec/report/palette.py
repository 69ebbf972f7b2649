"""The colours of lines: everyone tells them apart, on paper and on a screen."""

from __future__ import annotations

#: Okabe and Ito's colours, without the yellow that white paper swallows; https://jfly.uni-koeln.de/color/
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5B5B5B")
#: What a line beyond the colours is dashed with: lengths of dash and gap, in widths of the line.
DASHES = ((), (5.0, 2.0), (1.5, 1.5))
INK, QUIET, FAINT = "#222222", "#666666", "#C8C8C8"


def colour(index: int) -> str:
    """Return the colour of line ``index``."""
    return COLOURS[index % len(COLOURS)]


def dashes(index: int) -> tuple[float, ...]:
    """Return the dashes of line ``index``: none until the colours are used up."""
    return DASHES[index // len(COLOURS) % len(DASHES)]
