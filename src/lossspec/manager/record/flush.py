"""Flushes recorded values: checks them, averages them over the ranks, and writes them to the log."""

from __future__ import annotations

import warnings
from array import array
from typing import TYPE_CHECKING, Literal

from lossspec.errors import ClockError, LossResultError, NonFiniteError
from lossspec.log.rows import WIDTH, Sections, without_gaps
from lossspec.manager.clock.unmoved import UnmovedClock
from lossspec.manager.clock.unrun import UnrunTerms
from lossspec.manager.record.nonfinite import describe_nonfinite
from lossspec.manager.record.ranks import RankMean, merged, ranks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.log.rows import LMHistory
    from lossspec.log.writer import LossLog
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.validation import LatestValidation

OnNonFinite = Literal["record", "warn", "raise"]


class Flusher:
    """Moves the rows of a manager's histories to its log.

    Args:
        losses: the manager's losses, by name.
        clock: the manager's clock.
        weights: the manager's weights.
        log: the log, or None if this process does not write one.
        validation: keeps the values of the latest validation.
        writes: whether a flush takes the rows out of the histories, for the log of this or another rank.
        on_nonfinite: "record", "warn" or "raise": what to do with a NaN or infinite value.
        limit: the most rows of a loss that wait.
    """

    def __init__(
        self,
        losses: Mapping[str, LMLoss],
        clock: Clock,
        weights: Weights,
        log: LossLog | None,
        validation: LatestValidation,
        *,
        writes: bool,
        on_nonfinite: OnNonFinite,
        limit: int,
    ) -> None:
        self._losses = losses
        self._clock = clock
        self._unmoved = UnmovedClock(clock, weights)
        self._warned_of_epochs = False
        self._unrun = UnrunTerms()
        self._log = log
        self._writes = writes
        self._on_nonfinite = on_nonfinite
        self._mean = RankMean()
        self._limit = limit
        self._flushed_at = 0
        self._validation = validation
        self._dropped: dict[tuple[str, str], str] = {}

    def overflow(self, history: LMHistory) -> None:
        """Make room in a full history: flush it, or drop its oldest rows."""
        if self._writes and ranks() == 1:
            self.flush()
        else:  # the ranks can differ in fullness: they flush together, when `is_time`
            self._keep_dropped(history)
            history.trim()

    def is_time(self) -> bool:
        """Return whether several ranks, whose clocks agree, must flush now, before a history is full."""
        return self._writes and 8 * abs(self._clock.step - self._flushed_at) >= self._limit and ranks() > 1

    def flush(self, *, ends: bool = False) -> int:
        """Write the recorded rows; return how many were written.

        Args:
            ends: whether this is the last flush.

        Raises:
            NonFiniteError: a value is NaN or infinite, and ``on_nonfinite`` is "raise"; it is written first.
            ClockError: a loss depends on the step, and ``step()`` was never called; rows are written first.
        """
        losses = list(self._losses.values())
        nonfinite = self._nonfinite() if self._on_nonfinite != "record" else ""
        no_steps = self._unmoved.missing_steps(losses)
        no_epochs = "" if self._warned_of_epochs else self._unmoved.missing_epochs(losses, ends=ends)
        unrun = self._unrun(losses, self._clock.step)
        written = self._write() if self._writes else 0
        self._flushed_at = self._clock.step
        if nonfinite and self._on_nonfinite == "raise":
            raise NonFiniteError(nonfinite)
        if nonfinite:
            warnings.warn(nonfinite, RuntimeWarning, stacklevel=4)
        if no_epochs:
            self._warned_of_epochs = True
            warnings.warn(no_epochs, RuntimeWarning, stacklevel=4)
        if unrun:
            warnings.warn(unrun, RuntimeWarning, stacklevel=4)
        if no_steps:
            raise ClockError(no_steps)
        return written

    def _nonfinite(self) -> str:
        sections: dict[str, dict[str, array[float]]] = {}
        for section, name, history in self._histories():
            sections.setdefault(section, {})[name] = history.waiting
        found = [*self._dropped.values(), describe_nonfinite(sections, self._losses)]
        self._dropped.clear()
        return "; ".join(filter(None, found))

    def _keep_dropped(self, history: LMHistory) -> None:
        """Remember what validation and the search for non-finite values need of rows about to be dropped."""
        section, name = next((each[:2] for each in self._histories() if each[2] is history), ("", ""))
        dropped = without_gaps(history.unmerged[: -history.limit * WIDTH])
        if name and section != "losses":
            self._validation.keep(section, {name: dropped})
        if name and self._on_nonfinite != "record":
            text = describe_nonfinite({section: {name: dropped}}, self._losses)
            self._dropped.setdefault((section, name), text)

    def _histories(self) -> list[tuple[str, str, LMHistory]]:
        """Return the section, the loss and the history of each."""
        return [
            (section, name, history)
            for name, loss in self._losses.items()
            for section, history in loss.histories().items()
        ]

    def _write(self) -> int:
        sections, lost = self._take()
        count = ranks()
        if count > 1:
            try:
                sections = self._mean(sections)
            except RuntimeError as error:  # another rank is gone: write the rows of this one
                if self._log is not None:
                    self._log.write(merged([sections]), lost, ranks=1)
                error.add_note("only the values of this rank were written to the loss log")
                raise
        for section, rows in sections.items():
            if section != "losses":
                self._validation.keep(section, rows)
        return self._log.write(sections, lost, ranks=count) if self._log is not None else 0

    def _take(self) -> tuple[Sections, dict[str, int]]:
        sections: dict[str, dict[str, array[float]]] = {}
        lost: dict[str, int] = {}
        histories = self._histories()
        for section, name, history in histories:
            try:
                rows = history.unmerged
            except LossResultError as error:  # before any rows are removed
                raise LossResultError(f"cannot write `{name}` to the log: {error}") from None
            if rows:
                sections.setdefault(section, {})[name] = rows
        for section, name, history in histories:
            history.drop(sections.get(section, {}).get(name, array("d")))
            if history.lost:
                lost[name] = lost.get(name, 0) + history.lost
                history.lost = 0
        return sections, lost
