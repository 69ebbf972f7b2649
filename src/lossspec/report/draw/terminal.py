"""Plots curves in a terminal: braille dots, ticks, and names at the ends of the lines."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.clean import line as clean_line
from lossspec.names import abbreviate
from lossspec.report.draw.axis import Scale, scale_of, ticks
from lossspec.report.draw.canvas import Canvas, painted
from lossspec.report.draw.lines import spread
from lossspec.report.draw.text import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.report.draw.lines import Line

ROWS = 10
#: A smaller range than this has no digits left to divide it.
LEAST = 1e-300


@frozen
class PlotArea:
    """The area of the dots, in characters, and the positions and heights of its edges."""

    width: int
    height: int
    begin: float
    end: float
    low: float
    high: float
    scale: Scale

    def column(self, x: float) -> int:
        """Return the column of dots of a position."""
        return round((x - self.begin) / (self.end - self.begin) * (2 * self.width - 1))

    def row(self, y: float) -> int | None:
        """Return the row of dots of a value, from the top; None if it has no finite height."""
        height = self.scale.height(y)
        if not math.isfinite(height):
            return None
        span = self.high / 2 - self.low / 2  # half of it: the whole may be beyond the largest float
        return round((self.high / 2 - height / 2) / span * (4 * self.height - 1))


def text_plot(
    lines: Sequence[Line],
    width: int,
    *,
    rows: int = ROWS,
    marks: Sequence[float] = (),
    margins: tuple[int, int] = (0, 0),
    colour: bool = False,
) -> list[str]:
    """Plot lines over one time axis, on a linear scale from 0 or, if they span decades, a logarithmic one.

    Args:
        lines: at least one, each with a value.
        width: the most characters in a row.
        rows: the height in characters, without the time axis.
        marks: positions to mark with a triangle on the time axis.
        margins: the least widths of the tick labels and the names, to align several plots.
        colour: whether to use terminal colours.

    Returns:
        The rows of text.
    """
    scale = scale_of([line.ys for line in lines])
    heights = [scale.height(y) for line in lines for y in line.ys if math.isfinite(scale.height(y))]
    heights += [0.0] if scale.kind == "linear" else []
    low, high = min(heights), max(heights)
    high = high if high - low > LEAST else low + 1.0
    labels = [(tick, figure(tick)) for tick in _ticks(scale, low, high, rows)]
    left = max(margins[0], *(len(text) for _, text in labels))
    right = max(margins[1], *(len(abbreviate(line.name)) for line in lines))
    area = PlotArea(
        max(width - left - right - 5, 10),
        rows,
        min(line.xs[0] for line in lines),
        max(line.xs[-1] for line in lines),
        low,
        high,
        scale,
    )
    canvas = Canvas(area.width, area.height)
    for index, line in enumerate(lines):
        _draw(canvas, area, index, line)
    ticked = {row // 4: text for tick, text in labels if (row := area.row(tick)) is not None}
    names = _names(area, lines, colour=colour)
    drawn = canvas.lines(colour=colour)
    found = [
        f"{ticked.get(at, ''):>{left}} {'┤' if at in ticked else '│'} {dots} {names.get(at, '')}".rstrip()
        for at, dots in enumerate(drawn)
    ]
    return [*found, *_time_axis(area, left, marks)]


def _draw(canvas: Canvas, area: PlotArea, index: int, line: Line) -> None:
    points = [(area.column(x), area.row(y)) for x, y in zip(line.xs, line.ys, strict=True)]
    for (x0, y0), (x1, y1) in pairwise([*points[:1], *points]):  # a line of one point is a dot
        if y0 is None or y1 is None:
            continue
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            canvas.dot(round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps), index)


def _names(area: PlotArea, lines: Sequence[Line], *, colour: bool) -> dict[int, str]:
    """Return the name for each row: that of the line ending there, or the next free row below."""
    ends = [next((row for y in reversed(line.ys) if (row := area.row(y)) is not None), 0) for line in lines]
    places = spread([end / 4 for end in ends], 1.0)
    lowest = min(places)
    shift = -lowest if lowest < 0 else min(0.0, area.height - 1 - max(places))
    found: dict[int, str] = {}
    order = sorted(range(len(lines)), key=places.__getitem__)
    for index in order:
        row = max(0, round(places[index] + shift), max(found, default=-1) + 1)
        found[row] = painted(clean_line(abbreviate(lines[index].name)), index if colour else None)
    return found


def _ticks(scale: Scale, low: float, high: float, rows: int) -> list[float]:
    if scale.kind == "linear":
        return ticks(low, high, max(2, round(0.6 * rows)))
    if scale.kind == "log":
        powers = [10.0**power for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
        return powers[:: math.ceil(len(powers) / 5)] or [10**low, 10**high]
    lowest = math.ceil(math.log10(scale.linear_to) - 1e-9)
    highest = min(lowest + math.ceil(max(high, -low)), 308)
    powers = [10.0**power for power in range(lowest, highest + 1)]
    both = [*(-power for power in reversed(powers)), 0.0, *powers]
    return [tick for tick in both if low - 1e-9 <= scale.height(tick) <= high + 1e-9]


def _time_axis(area: PlotArea, left: int, marks: Sequence[float]) -> list[str]:
    """Return two rows: the axis, and its numbers."""
    positions = ticks(area.begin, area.end, max(area.width // 12, 1))
    edge = ["─"] * area.width
    numbers = [" "] * (area.width + 8)
    for position in positions:
        column, text = area.column(position) // 2, figure(position)
        edge[column] = "┬"
        begin = max(0, column - len(text) // 2)
        numbers[begin : begin + len(text)] = text
    for mark in marks:
        edge[area.column(mark) // 2] = "▲"
    return [f"{'':>{left}} └─{''.join(edge)}", f"{'':>{left}}   {''.join(numbers)}".rstrip()]
