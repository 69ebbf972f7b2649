"""Plots a run: the weighted value and the applied weight of every term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lossspec.errors import LogError
from lossspec.paths import user_path
from lossspec.report.draw.envelope import Envelope, envelope
from lossspec.report.draw.lines import Line, with_gaps
from lossspec.report.draw.picture import Panel, Picture
from lossspec.report.run.series import Axis, Series, series_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike
    from pathlib import Path

    from numpy.typing import NDArray

    from lossspec.log.reading.reader import LossLogData

#: Stretches across a panel: about one per pixel.
STRETCHES = 1200
#: In a run without epochs, the number of stretches whose means make the bold line.
MEANS = 50


def plot_run(log: LossLogData, folder: str | PathLike[str]) -> list[Path]:
    """Write ``losses.png`` and ``weights.png`` into ``folder``, with one panel for each objective.

    The values of a validation section are in a picture of their own, such as ``losses-validation.png``.

    In ``losses.png`` a bold line is the mean of each epoch. A thin line is every value, or the lowest and
    highest of the values that share a pixel, so that no spike is lost. A cross marks values that are not
    finite, a dotted line where the run was resumed. There is a gap where a term was not computed.

    Args:
        log: a log from ``lossspec.read_log``.
        folder: an existing folder.

    Returns:
        The paths of the pictures.

    Raises:
        LogError: nothing was recorded yet.
        MissingExtraError: matplotlib is not installed.
    """
    run = series_of(log)
    validations = {name: series_of(log, losses) for name, losses in log.validations.items()}
    if not run and not any(validations.values()):
        raise LogError(f"nothing is recorded in `{log.path}`, so there is nothing to plot")
    axis = Axis.of([*run, *(series for found in validations.values() for series in found)])
    pictures = [("losses.png", run, _losses), ("weights.png", run, _weights)]
    pictures += [(f"losses-{name}.png", found, _losses) for name, found in validations.items()]
    return [
        _picture(user_path(folder) / file, found, axis, axis.resumes(log), draw)
        for file, found, draw in pictures
        if found
    ]


def _picture(
    path: Path,
    run: Sequence[Series],
    axis: Axis,
    resumes: Sequence[float],
    draw: Callable[[Panel, Sequence[Series], Axis], None],
) -> Path:
    objectives = list(dict.fromkeys(series.objective for series in run))
    titles = [f"objective {objective}" if objective else "losses" for objective in objectives]
    picture = Picture(titles, axis.unit, axis.begin, axis.end)
    for objective, panel in zip(objectives, picture.panels, strict=True):
        draw(panel, [series for series in run if series.objective == objective], axis)
        panel.mark(resumes, "resumed")
    return picture.save(path)


def _losses(panel: Panel, terms: Sequence[Series], axis: Axis) -> None:
    bold = round(axis.end - axis.begin) if axis.unit == "epoch" else MEANS
    panel.remark(
        "value times weight; bold: mean of each epoch" if axis.unit == "epoch" else "value times weight"
    )
    thin = [_envelope(term, term.weighted, axis, STRETCHES) for term in terms]
    means = [_envelope(term, term.weighted, axis, bold) for term in terms]
    panel.scale([value for each in thin for value in (each.low, each.high)])
    for index, (term, every, mean) in enumerate(zip(terms, thin, means, strict=True)):
        panel.band(index, every)
        panel.line(index, with_gaps(Line(term.name, mean.x, mean.mean)))
        panel.crosses(index, [x for x, broken in zip(every.x, every.broken, strict=True) if broken])


def _weights(panel: Panel, terms: Sequence[Series], axis: Axis) -> None:
    panel.remark("applied weight")
    found = [_envelope(term, term.weight, axis, STRETCHES) for term in terms]
    panel.scale([each.mean for each in found], from_zero=True)
    panel.lines(
        [with_gaps(Line(term.name, each.x, each.mean)) for term, each in zip(terms, found, strict=True)]
    )


def _envelope(term: Series, column: NDArray[Any], axis: Axis, stretches: int) -> Envelope:
    return envelope(axis.positions(term), column, axis.begin, axis.end, stretches, samples=term.samples)
