"""Draws a curve as SVG in the colour of the surrounding text, for light and dark mode."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lossspec.report.draw.axis import ticks
from lossspec.report.draw.text import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The box of a curve and its margins, in units of the picture.
_WIDTH, _HEIGHT, _LEFT, _ABOVE, _RIGHT, _BELOW = 280, 72, 38, 8, 18, 16
_TICKS = 5


def drawing(points: Sequence[tuple[float, float]], label: str) -> str:
    """Return an SVG picture of a curve whose vertical axis includes 0.

    Args:
        points: positions, at least two of them different, with finite values; neighbours are joined.
        label: a description for screen readers.
    """
    begin, end = points[0][0], points[-1][0]
    low = min(0.0, *(value for _, value in points))
    high = max(0.0, *(value for _, value in points))
    high = high if high > low else low + 1.0
    bottom, right = _ABOVE + _HEIGHT, _LEFT + _WIDTH

    def x(position: float) -> float:
        return _LEFT + (position - begin) / (end - begin) * _WIDTH

    def y(value: float) -> float:
        return bottom - (value - low) / (high - low) * _HEIGHT

    line = " ".join(f"{x(position):.1f},{y(value):.1f}" for position, value in points)
    words = [(_LEFT - 6.0, y(value) + 3, "end", figure(value)) for value in sorted({low, 0.0, high})]
    words += [(x(tick), bottom + 12, "middle", figure(tick)) for tick in ticks(begin, end, _TICKS)]
    return (
        f'<svg class="curve" viewBox="0 0 {right + _RIGHT} {bottom + _BELOW}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<line x1="{_LEFT}" y1="{y(0.0):.1f}" x2="{right}" y2="{y(0.0):.1f}"/>'
        f'<line x1="{_LEFT}" y1="{_ABOVE}" x2="{_LEFT}" y2="{bottom}"/>'
        f'<polyline points="{line}"/>'
        + "".join(
            f'<text x="{at:.1f}" y="{height:.1f}" text-anchor="{anchor}">{word}</text>'
            for at, height, anchor, word in words
        )
        + "</svg>"
    )
