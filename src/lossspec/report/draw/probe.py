"""Draws a probe: bars of shares, and a heat map of the cosines between gradients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.extras import extra_for
from lossspec.report.draw.picture import COLOURS, INK, QUIET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes


def draw_probe(
    title: str,
    shares: Mapping[str, tuple[float, float]],
    cosines: Mapping[tuple[str, str], float],
    path: Path,
) -> None:
    """Write the picture of a probe.

    Args:
        title: the headline.
        shares: for each term, its share of the total and of the gradient, in [0, 1].
        cosines: for each two terms, the cosine between their gradients.
        path: a .png, .svg or .pdf file.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    with extra_for("a picture", "plot"):
        from matplotlib.figure import Figure  # an extra
    names = [*shares]
    height = 1.6 + 0.45 * len(names)
    figure = Figure(figsize=(9.0, height), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    bars, angles = figure.subplots(1, 2, width_ratios=(3, 2))
    places = range(len(names))
    for index, (label, shift) in enumerate((("of the total", -0.19), ("of the gradient", 0.19))):
        widths = [100.0 * each[index] if math.isfinite(each[index]) else 0.0 for each in shares.values()]
        drawn = bars.barh([at + shift for at in places], widths, 0.36, color=COLOURS[index], label=label)
        bars.bar_label(drawn, [f"{width:.1f} %" for width in widths], padding=3, fontsize=8, color=QUIET)
    bars.set_yticks(places, names)
    bars.invert_yaxis()
    bars.set_xlim(0, 115)
    bars.set_xlabel("share in %", color=QUIET)
    bars.legend(frameon=False, fontsize=8, loc="lower right")
    bars.spines[["top", "right"]].set_visible(False)
    _heat_map(angles, names, cosines)
    figure.savefig(path, dpi=150)


def _heat_map(axes: Axes, names: Sequence[str], cosines: Mapping[tuple[str, str], float]) -> None:
    square = [
        [1.0 if a == b else cosines.get((a, b), cosines.get((b, a), math.nan)) for b in names] for a in names
    ]
    axes.imshow(square, cmap="RdBu", vmin=-1.0, vmax=1.0)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_title("cosine between gradients", fontsize=9, color=QUIET)
    for row, values in enumerate(square):
        for column, value in enumerate(values):
            text = "-" if math.isnan(value) else f"{value:.2f}"
            color = "white" if abs(value) > 0.6 else INK
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=color)
