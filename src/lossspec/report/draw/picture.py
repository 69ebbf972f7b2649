"""Pictures drawn with matplotlib: panels, lines, marks, names at the ends of lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from attrs import evolve

from lossspec.errors import MissingExtraError
from lossspec.report.draw.axis import scale_of
from lossspec.report.draw.lines import Line, parts, spread, with_gaps
from lossspec.report.draw.text import exact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

    from lossspec.report.draw.envelope import Envelope

WIDTH, HEIGHT = 9.0, 3.2  # of a panel, in inches
TITLE_PAD = 16  # between a panel and its title, in points: room for the notes on marks
NAMES_AT = 1.04  # in widths of a panel
LARGEST = 1e150  # a value beyond it is drawn there, one below 1 / LARGEST at 0
FEW_DECADES = 2.0  # below this, a logarithmic axis has ticks between the powers of ten
SHARED_DASH = 4.0  # the length in points for which each of several overlapping lines shows in turn

#: Okabe and Ito's colours, without the yellow that is hard to see on white; https://jfly.uni-koeln.de/color/
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5B5B5B")
#: The dashes of lines once all colours are used: lengths of dash and gap, in widths of the line.
DASHES = ((), (5.0, 2.0), (1.5, 1.5))
INK, QUIET, FAINT = "#222222", "#666666", "#C8C8C8"


class Picture:
    """Panels below each other with a common time axis. The state of pyplot is not touched.

    Args:
        titles: one for each panel.
        unit: the label of the time axis.
        begin: where it begins.
        end: where it ends.
        heights: the relative heights of the panels, 1.0 by default.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(
        self, titles: Sequence[str], unit: str, begin: float, end: float, heights: Sequence[float] = ()
    ) -> None:
        try:
            from matplotlib.figure import Figure  # an extra
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                'pictures need matplotlib, which is not installed: pip install "lossspec[plot]"'
            ) from error
        heights = heights or [1.0] * len(titles)
        size = (WIDTH, HEIGHT * sum(heights) + 0.4)
        self._figure = Figure(figsize=size, dpi=150, layout="constrained", facecolor="white")
        grid = self._figure.subplots(len(titles), 1, squeeze=False, sharex=True, height_ratios=heights)
        self.panels = [Panel(axes, title) for axes, title in zip(grid[:, 0], titles, strict=True)]
        last = self.panels[-1].axes
        last.set_xlabel(unit, color=INK, fontsize=9)
        last.set_xlim(begin, end)

    def save(self, path: Path) -> Path:
        """Name the lines and write the picture, in the format given by the file's suffix."""
        from matplotlib import rc_context  # an extra

        named = [panel.name_lines() for panel in self.panels]
        self._figure.draw_without_rendering()  # settles the layout, with room for the longest name
        for panel, names in zip(self.panels, named, strict=True):
            panel.place(names)
        # No date and no random ids: the same spec gives the same file.
        stamp = {".svg": "Date", ".pdf": "CreationDate"}.get(path.suffix.lower())
        with rc_context({"svg.hashsalt": "lossspec"}):
            self._figure.savefig(path, metadata={stamp: None} if stamp else {})
        return path


def _drawable(ys: Sequence[float]) -> list[float]:
    """Return values as far as they can be drawn: matplotlib's axes go on beyond the values."""
    sized = [max(min(y, LARGEST), -LARGEST) if math.isfinite(y) else y for y in ys]
    return [0.0 if abs(y) < 1 / LARGEST else y for y in sized]


class Panel:
    """The part of a picture that shows one objective.

    Args:
        axes: matplotlib's axes.
        title: its headline.
    """

    def __init__(self, axes: Axes, title: str) -> None:
        self.axes = axes
        self._ends: list[tuple[str, float, float, int]] = []
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK, pad=TITLE_PAD)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(colors=QUIET, which="both", labelsize=9)
        axes.grid(axis="y", color="#EBEBEB", linewidth=0.8)
        axes.set_axisbelow(True)

    def remark(self, text: str) -> None:
        """Write a remark in grey, across from the title."""
        self.axes.set_title(text, loc="right", fontsize=9, color=QUIET, pad=TITLE_PAD)

    def scale(self, curves: Sequence[Sequence[float]], from_zero: bool = False) -> None:
        """Set a scale on which all of ``curves`` can be read; a linear one includes 0 if ``from_zero``."""
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # an extra

        scale = scale_of([_drawable(ys) for ys in curves])
        if scale.kind == "symlog":
            self.axes.set_yscale("symlog", linthresh=scale.linear_to, linscale=0.7)
        elif scale.kind == "log":
            self.axes.set_yscale("log")
            few = scale.decades < FEW_DECADES
            self.axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=7))
        self.axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: exact(round(value, 12))))
        self.axes.yaxis.set_minor_formatter(NullFormatter())
        if from_zero and scale.kind == "linear":
            self.axes.update_datalim([(self.axes.get_xlim()[0], 0.0)])

    def line(self, index: int, line: Line) -> None:
        """Draw a line; a line of one point is a dot."""
        line = evolve(line, ys=_drawable(line.ys))
        self.axes.plot(
            line.xs,
            line.ys,
            color=colour(index),
            linestyle=_pattern(index),
            linewidth=1.8,
            solid_capstyle="round",
            marker="o" if len(line.xs) == 1 else None,
            markersize=3,
        )
        self._end(index, line)

    def lines(self, lines: Sequence[Line]) -> None:
        """Draw lines that can overlap: where they do, they show in turn."""
        lines = [evolve(line, ys=_drawable(line.ys)) for line in lines]
        for index, (line, found) in enumerate(zip(lines, parts(lines), strict=True)):
            if not found:  # a point
                self.axes.plot(line.xs, line.ys, "o", color=colour(index), markersize=3)
            for part in found:
                turn = (SHARED_DASH * part.rank, (SHARED_DASH, SHARED_DASH * (part.peers - 1)))
                self.axes.plot(
                    part.xs,
                    part.ys,
                    color=colour(index),
                    linestyle=turn if part.peers > 1 else _pattern(index),
                    linewidth=2.0,
                    dash_capstyle="butt",
                    solid_capstyle="butt",
                    clip_on=False,
                )
            self._end(index, line)

    def band(self, index: int, every: Envelope) -> None:
        """Draw every value as a thin line, from the lowest to the highest where several share a pixel."""
        xs = [x for x in every.x for _ in range(2)]
        ys = [y for pair in zip(every.low, every.high, strict=True) for y in pair]
        line = with_gaps(Line("", xs, ys))
        self.axes.plot(line.xs, line.ys, color=colour(index), linewidth=0.6, alpha=0.35, zorder=1.5)

    def crosses(self, index: int, xs: Sequence[float]) -> None:
        """Mark the places where values are not finite, at the upper edge."""
        if not xs:
            return  # an empty line would still affect the layout
        self.axes.plot(
            xs,
            [1.0] * len(xs),
            "x",
            transform=self.axes.get_xaxis_transform(),
            color=colour(index),
            markersize=5,
            clip_on=False,
        )
        self._note(xs[0], "not finite", (-6, 0), "right", "center")

    def mark(self, xs: Sequence[float], text: str) -> None:
        """Draw a dotted line across the panel at each of ``xs``."""
        for x in xs:
            self.axes.axvline(x, color=QUIET, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0)
            self._note(x, text, (0, 3), "center", "bottom")

    def name_lines(self) -> list[Annotation]:
        """Write the names of the lines at the right edge; ``place`` moves them once the layout is settled."""
        return [
            self.axes.annotate(
                name, (NAMES_AT, 0.5), xycoords="axes fraction", va="center", fontsize=9, color=INK
            )
            for name, *_ in self._ends
        ]

    def place(self, names: Sequence[Annotation]) -> None:
        """Move the names to the ends of their lines, without overlap."""
        if not names:
            return
        height = 1.15 * names[0].get_window_extent().height / self.axes.get_window_extent().height
        to_axes = (self.axes.transData + self.axes.transAxes.inverted()).transform
        ends = [to_axes((x, y)) for _, x, y, _ in self._ends]
        places = spread([end[1] for end in ends], height)
        for name, place, end, (*_, index) in zip(names, places, ends, self._ends, strict=True):
            name.set_position((NAMES_AT, place))
            near = end[0] > 0.9  # a line that ended far from the edge has only a stub at its name
            xs, ys = [end[0], 1.01, NAMES_AT - 0.005], [end[1], end[1], place]
            self.axes.plot(
                xs if near else [NAMES_AT - 0.02, NAMES_AT - 0.005],
                ys if near else [place, place],
                transform=self.axes.transAxes,
                color=colour(index),
                linewidth=1.2,
                clip_on=False,
            )

    def _note(
        self,
        x: float,
        text: str,
        offset: tuple[float, float],
        horizontal: Literal["right", "center"],
        vertical: Literal["center", "bottom"],
    ) -> None:
        self.axes.annotate(
            text,
            (x, 1.0),
            offset,
            xycoords=self.axes.get_xaxis_transform(),
            textcoords="offset points",
            fontsize=8,
            color=QUIET,
            ha=horizontal,
            va=vertical,
        )

    def _end(self, index: int, line: Line) -> None:
        points = [(x, y) for x, y in zip(line.xs, line.ys, strict=True) if not math.isnan(y)]
        if points:
            self._ends.append((line.name, *points[-1], index))


def _pattern(index: int) -> str | tuple[float, tuple[float, ...]]:
    return (0.0, dashes(index)) if dashes(index) else "-"


def colour(index: int) -> str:
    """Return the colour of line ``index``."""
    return COLOURS[index % len(COLOURS)]


def dashes(index: int) -> tuple[float, ...]:
    """Return the dashes of line ``index``: none until all colours are used."""
    return DASHES[index // len(COLOURS) % len(DASHES)]
