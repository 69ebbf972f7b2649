"""Plots the weights of a spec over a future run, as a picture or as text."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from functools import cache, partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.names import abbreviate
from lossspec.report.draw.canvas import painted
from lossspec.report.draw.lines import Line
from lossspec.report.draw.terminal import ROWS, text_plot
from lossspec.report.draw.text import figure
from lossspec.report.forecast.phases import in_words, phases
from lossspec.report.forecast.weights import RunLength, affordable, balance_note, curves

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lossspec.language.model import Spec
    from lossspec.report.forecast.phases import Phase
    from lossspec.report.forecast.weights import Curve, Moment

    Points = list[tuple[float, float]]

#: A panel with more changes of phase than this has no marks: they would cover it.
MARKS = 8
#: The relative height of a panel in which nothing moves.
STILL = 0.5
#: The least width of the tick labels in the terminal.
TICK_WIDTH = 5


@frozen
class WeightPanel:
    """The weights of one objective, or the scheduled arguments of its terms.

    Attributes:
        title: its title.
        note: what else moves the weights, or "".
        lines: the curves, each value held until the next.
        phases: the phases of each curve, by name.
    """

    title: str
    note: str
    lines: list[Line] = field(repr=False)
    phases: dict[str, list[Phase]] = field(repr=False)

    @property
    def still(self) -> bool:
        """Whether no curve in it moves."""
        return all(len(curve) == 1 for curve in self.phases.values())

    def changes(self) -> list[float]:
        """Return the positions where phases change, in order; none if there are too many to mark."""
        found = {each.begin for curve in self.phases.values() for each in curve[1:]}
        return sorted(found) if len(found) <= MARKS else []


def weight_panels(spec: Spec, run: RunLength) -> list[WeightPanel]:
    """Return a panel for each objective, followed by one for its scheduled arguments if it has any.

    Raises:
        ClockError: a schedule counts steps, and ``run`` has no ``steps_per_epoch``.
    """
    found = []
    places = {name: place for place, name in enumerate(spec.objectives)}
    by_panel = sorted(curves(spec), key=lambda curve: places[curve.objective])
    moments = _moments(run, affordable(by_panel))
    for (objective, is_argument), group in groupby(
        by_panel, lambda each: (each.objective, bool(each.argument))
    ):
        sampled = {curve.name: [(x, curve.at(moment)) for x, moment in moments(curve)] for curve in group}
        title = f"objective {objective}" + (", scheduled arguments" if is_argument else "")
        ways = {name: phases(*zip(*points, strict=True)) for name, points in sampled.items()}
        note = "" if is_argument else balance_note(spec, objective)
        found.append(WeightPanel(title, note, _held(sampled, float(run.epochs)), ways))
    return found


def draw_weights(spec: Spec, run: RunLength, path: Path) -> None:
    """Plot the weights into a file, in the format of its suffix.

    Raises:
        ClockError: a schedule counts steps, and ``run`` has no ``steps_per_epoch``.
        MissingExtraError: matplotlib is not installed.
    """
    from lossspec.report.draw.picture import Picture

    panels = weight_panels(spec, run)
    heights = [STILL if panel.still else 1.0 for panel in panels]
    picture = Picture([panel.title for panel in panels], "epoch", 0, run.epochs, heights)
    for panel, drawn in zip(panels, picture.panels, strict=True):
        what = "applied weight, before the balance" if panel.note else "applied weight"
        drawn.remark("value" if "argument" in panel.title else what)
        drawn.scale([line.ys for line in panel.lines], from_zero=True)
        drawn.lines(panel.lines)
        for change in panel.changes():
            drawn.mark([change], figure(change))
    picture.save(path)


def weights_as_text(spec: Spec, run: RunLength, width: int, *, colour: bool = False) -> str:
    """Plot the weights for a terminal, with a description of every curve below each panel.

    Args:
        spec: the spec.
        run: the length of the run.
        width: the most characters in a row.
        colour: whether to use terminal colours.

    Raises:
        ClockError: a schedule counts steps, and ``run`` has no ``steps_per_epoch``.
    """
    rows: list[str] = []
    panels = weight_panels(spec, run)
    margins = (TICK_WIDTH, max(len(abbreviate(line.name)) for panel in panels for line in panel.lines))
    for panel in panels:
        height = round(ROWS * STILL) if panel.still else ROWS
        marks = panel.changes()
        plot = text_plot(panel.lines, width, rows=height, marks=marks, margins=margins, colour=colour)
        rows += [panel.title, *plot, ""]
        longest = max(len(abbreviate(name)) for name in panel.phases)
        for index, (name, found) in enumerate(panel.phases.items()):
            first, *more = textwrap.wrap(in_words(found), max(width - longest - 4, 10))
            rows.append(f"  {painted(f'{abbreviate(name):<{longest}}', index if colour else None)}  {first}")
            rows += [f"  {'':<{longest}}  {line}" for line in more]
        rows += [f"  {line}" for line in textwrap.wrap(panel.note, max(width - 2, 10))]
        rows.append("")
    return "\n".join(rows[:-1])


def _moments(run: RunLength, most: int) -> Callable[[Curve], list[tuple[float, Moment]]]:
    """Return what gives the moments of a curve: only the first, those of epochs, or those of steps."""
    epochs, steps = cache(partial(run.epoch_moments, most)), cache(partial(run.moments, most))

    def of(curve: Curve) -> list[tuple[float, Moment]]:
        if not curve.units:
            return [(0.0, run.moment(0))]
        return epochs() if curve.units == {"epoch"} else steps()

    return of


def _held(curves: dict[str, Points], end: float) -> list[Line]:
    """Return the curves as steps: each value holds until the next change, the last until ``end``.

    All have the same positions, those where any of them changes, so that overlaps can be found.
    """
    changes = {
        0.0,
        *(x for points in curves.values() for (_, before), (x, y) in pairwise(points) if y != before),
    }
    edges = sorted(changes)
    positions = [x for pair in zip(edges, [*edges[1:], end], strict=True) for x in pair]
    return [Line(name, positions, _values_at(points, edges)) for name, points in curves.items()]


def _values_at(points: Points, edges: Sequence[float]) -> list[float]:
    """Return the value that holds from each edge to the next, once for either end."""
    xs, ys = zip(*points, strict=True)
    return [ys[bisect_right(xs, edge) - 1] for edge in edges for _ in range(2)]
