"""Feeds the writers of a run: turns the rows of each flush into points, and survives a writer that fails."""

from __future__ import annotations

import math
import os
import warnings
from array import array
from typing import TYPE_CHECKING, Protocol

from attrs import evolve

from lossspec.log.points import SeriesPoint, merged, points
from lossspec.log.reading.columns import LossColumns
from lossspec.log.rows import (
    EPOCH,
    OBJECTIVE_WEIGHT,
    RAW,
    SAMPLES,
    STEP,
    TERM_WEIGHT,
    TIME,
    WIDTH,
    weighted,
)
from lossspec.log.totals import totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.log.points import Axis, Point
    from lossspec.log.protocol import Run, Writer
    from lossspec.log.rows import Sections


class Clock(Protocol):
    """What a feed asks a clock."""

    @property
    def stepped(self) -> bool:
        """Whether steps are counted."""

    @property
    def epoch_was_set(self) -> bool:
        """Whether the epoch was set."""

    @property
    def epoch(self) -> float:
        """The epoch."""


class Feed:
    """Hands the points of each flush to writers.

    Args:
        writers: the writers.
        run: the run that the values belong to.
        clock: its clock.
    """

    def __init__(self, writers: Sequence[Writer], run: Run, clock: Clock) -> None:
        self._run = run
        self._clock = clock
        self._process = os.getpid()
        self._channels = [_Channel(each, run) for each in writers]
        self._series = {whole: _Series(whole=whole) for whole in {each.whole for each in writers}}

    def write(self, sections: Sections) -> None:
        """Hand over the rows of a flush, by loss for each section."""
        if os.getpid() != self._process or not any(sections.values()):  # a fork, or nothing new
            return
        clock = self._clock
        axis: Axis = "step" if clock.stepped else "epoch" if clock.epoch_was_set else "call"
        objectives = self._run.objectives()
        found = {whole: each.add(sections, objectives, axis) for whole, each in self._series.items()}
        moves = clock.stepped or clock.epoch > 0  # else all values of a resumed run are at position 0
        for channel in self._channels:
            channel.write(found[channel.whole], skips=moves)

    def resume(self) -> None:
        """Continue from a checkpoint: points that a writer has are not written again."""
        for each in self._series.values():
            each.forget()
        for channel in self._channels:
            channel.resume()

    def close(self) -> None:
        """Close the writers."""
        for channel in self._channels:
            channel.close()


class _Series:
    """Makes the points of all series; one that a flush leaves at some position goes on in the next."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._ends: dict[tuple[str, str, bool], Point] = {}
        self._calls: dict[tuple[str, str, bool], int] = {}
        self._axis: Axis = "call"

    def forget(self) -> None:
        """Start all series anew."""
        self._ends.clear()

    def add(self, sections: Sections, objectives: Mapping[str, str], axis: Axis) -> list[SeriesPoint]:
        """Return the points of the rows of a flush."""
        if axis != self._axis:  # positions on two axes are not comparable
            self.forget()
            self._axis = axis
        found = []
        for name, rows_by_loss in sections.items():
            section = "training" if name == "losses" else name
            for is_total, losses in ((False, rows_by_loss), (True, totals(rows_by_loss, objectives))):
                for loss, rows in losses.items():
                    key = section, loss, is_total
                    found += [SeriesPoint(*key, point) for point in self._points(key, rows)]
        return found

    def _points(self, key: tuple[str, str, bool], rows: array[float]) -> Iterator[Point]:
        found = points(_columns(rows), self._axis, whole=self._whole)
        if self._axis == "call":
            before = self._calls.get(key, 0)
            self._calls[key] = before + len(found)
            found = [evolve(each, position=before + each.position) for each in found]
        end = self._ends.get(key)
        for each in found:
            point = merged(end, each) if end is not None and end.position == each.position else each
            yield point
            self._ends[key] = point


def _columns(rows: array[float]) -> LossColumns:
    return LossColumns(
        array("f", rows[RAW::WIDTH]),
        rows[TERM_WEIGHT::WIDTH],
        rows[OBJECTIVE_WEIGHT::WIDTH],
        array("f", weighted(rows)),
        rows[EPOCH::WIDTH],
        array("q", map(int, rows[STEP::WIDTH])),
        array("q", map(int, rows[SAMPLES::WIDTH])),
        array("d", [round(each, 3) for each in rows[TIME::WIDTH]]),
    )


class _Channel:
    """The way to one writer."""

    def __init__(self, writer: Writer, run: Run) -> None:
        self._writer = writer
        self._run = run
        self.whole = writer.whole
        self._is_open = False
        self._resumes = False
        self._has_warned = False
        self._written: dict[str, float] = {}
        self._skipped: dict[str, float] = {}

    def resume(self) -> None:
        """Skip the points that the writer has, of this process or of one before."""
        self._resumes = True
        self._skipped = dict(self._written)

    def write(self, points: Sequence[SeriesPoint], *, skips: bool) -> None:
        """Write the points, if ``skips`` except those that the writer has; warn once if it fails."""
        try:
            if not self._is_open:
                begun = self._writer.begin(self._run, resumes=self._resumes)
                self._is_open = True
                if self._resumes:
                    self._skipped = {**begun, **self._skipped}
            there = self._skipped if skips else {}
            new = [each for each in points if each.point.position > there.get(each.section, -math.inf)]
            if new:
                self._writer.write(new)
        except Exception as error:  # noqa: BLE001 - trackers raise anything, and must not stop the training
            self._warn(error)
            return
        for each in new:
            self._written[each.section] = max(each.point.position, self._written.get(each.section, -math.inf))

    def close(self) -> None:
        """Close the writer, if it was opened."""
        if self._is_open:
            self._is_open = False
            try:
                self._writer.close()
            except Exception as error:  # noqa: BLE001 - as above
                self._warn(error, stacklevel=5)

    def _warn(self, error: Exception, stacklevel: int = 8) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{type(self._writer).__name__} failed: {type(error).__name__}: {error}. Training goes "
                "on, and values are missing there. The loss log of the run, if it has one, has all of them: "
                "`lossspec log export` converts it",
                RuntimeWarning,
                stacklevel=stacklevel,
            )
