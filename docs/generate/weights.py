"""Draws the weights of a spec that move, for the gallery."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from docs.generate.drawing import drawing

from lossspec.report.forecast.phases import in_words, phases
from lossspec.report.forecast.weights import Moment, curves
from lossspec.report.formula.schedules.compose import pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Spec
    from lossspec.report.forecast.weights import Curve
    from lossspec.schedules import Unit

    Points = tuple[tuple[float, float], ...]

#: The end of the axis for a curve that never stops changing.
ENDLESS: dict[Unit, float] = {"epoch": 200.0, "step": 100_000.0}
#: How far the axis extends beyond the last change, as a fraction of the part before.
AFTERWARDS = 0.2
#: The number of points of a curve, besides those at its changes.
POINTS = 400
#: How far before a change a curve is sampled, as a fraction of the axis: less than the width of the line.
JUST = 1e-6


def figures(spec: Spec) -> str:
    """Return HTML with a figure for every weight and argument that moves; equal curves share one."""
    drawn: dict[tuple[Unit, Points], list[Curve]] = {}
    for curve in curves(spec):
        if curve.units:
            drawn.setdefault(sampled(curve), []).append(curve)
    each = ("".join(_figure(unit, points, alike)) for (unit, points), alike in drawn.items())
    return f'<div class="curves">{"".join(each)}</div>' if drawn else ""


def sampled(curve: Curve) -> tuple[Unit, Points]:
    """Return the unit of a curve and its points: evenly spaced, and on both sides of every change.

    Raises:
        ValueError: the curve has two units, such as steps and epochs, so no single axis fits.
    """
    (unit,) = curve.units
    changes = sorted({piece.end for each in curve.schedules for piece in pieces_of(each) if piece.end > 0})
    known = [end for end in changes if end < math.inf]
    end = 1.0 if unit == "fraction" else _beyond(known[-1]) if known else ENDLESS[unit]
    positions = {end * at / POINTS for at in range(POINTS + 1)}
    positions |= {at for change in known if change < end for at in (change - end * JUST, change)}
    return unit, tuple((at, curve.at(Moment(at, at, at))) for at in sorted(positions))


def _beyond(last: float) -> float:
    return last * (1 + AFTERWARDS)


def _figure(unit: Unit, points: Points, alike: list[Curve]) -> Iterator[str]:
    names = " and ".join(curve.name for curve in alike)
    words = in_words(phases(*zip(*points, strict=True)))
    yield f"<figure>{drawing(points, f'{names} by {unit}')}"
    yield f"<figcaption>{', '.join(map(_named, alike))}, by {unit}: {words}</figcaption></figure>"


def _named(curve: Curve) -> str:
    return f"<code>{curve.name}</code>"
