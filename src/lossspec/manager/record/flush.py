"""Flushes recorded values: checks them, averages them over the ranks, and writes them to the log."""

from __future__ import annotations

import warnings
from array import array
from typing import TYPE_CHECKING, Literal

from lossspec.errors import ClockError, LossResultError, NonFiniteError
from lossspec.log.rows import WIDTH, do_all, without_gaps
from lossspec.manager.clock.unmoved import UnmovedClock
from lossspec.manager.clock.unrun import UnrunTerms
from lossspec.manager.record.nonfinite import describe_nonfinite
from lossspec.manager.record.ranks import RankMean, merged, rank, ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.log.protocol import Run
    from lossspec.log.rows import Action, LMHistory, Sections
    from lossspec.log.writer import LossLog
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.validation import LatestValidation

    Observer = Callable[[Sections], None]

OnNonFinite = Literal["record", "warn", "raise"]


class Flusher:
    """Moves the rows of a manager's histories to its log.

    Args:
        losses: the manager's losses, by name.
        run: the run, whose digest all ranks must share.
        clock: the manager's clock.
        weights: the manager's weights.
        log: the log, or None if this process does not write one.
        validation: keeps the values of the latest validation.
        writes: whether a flush takes the rows out of the histories, for the log of this or another rank.
        on_nonfinite: "record", "warn" or "raise": what to do with a NaN or infinite value.
        limit: the most rows of a loss that wait.

    Attributes:
        position: where the log was after the last flush of all ranks, which every rank knows.
    """

    def __init__(
        self,
        losses: Mapping[str, LMLoss],
        run: Run,
        clock: Clock,
        weights: Weights,
        log: LossLog | None,
        *,
        validation: LatestValidation,
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
        self._mean = RankMean(run)
        self.position = 0
        self._limit = limit
        self._flushed_at = 0
        self._validation = validation
        self._dropped: dict[tuple[str, str], str] = {}
        #: Called with the rows of each flush, on every rank, after they are averaged.
        self.observers: list[Observer] = []

    @property
    def _takes(self) -> bool:
        """Whether a flush takes the rows out of the histories."""
        return self._writes or bool(self.observers)

    def overflow(self, history: LMHistory) -> None:
        """Make room in a full history: flush it, or drop its oldest rows."""
        if self._takes and ranks() == 1:
            self.flush()
        else:  # the ranks can differ in fullness: they flush together, when `is_time`
            self._keep_dropped(history)
            history.trim()

    def is_time(self) -> bool:
        """Return whether several ranks, whose clocks agree, must flush now, before a history is full."""
        return self._takes and 8 * abs(self._clock.step - self._flushed_at) >= self._limit and ranks() > 1

    def flush(self, *, ends: bool = False) -> int:
        """Write the recorded rows; return how many were written.

        Args:
            ends: whether this is the last flush.

        Raises:
            NonFiniteError: a value is NaN or infinite, and ``on_nonfinite`` is "raise"; it is written first.
            ClockError: a loss depends on the step, and ``step()`` was never called; rows are written first.
        """
        losses = list(self._losses.values())
        no_steps = self._unmoved.missing_steps(losses)
        no_epochs = "" if self._warned_of_epochs else self._unmoved.missing_epochs(losses, ends=ends)
        unrun = self._unrun(losses, self._clock.step)
        if self._takes:
            written, nonfinite = self._write()
        else:
            written, nonfinite = 0, self._nonfinite(self._rows())
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

    def _nonfinite(self, sections: Sections) -> str:
        """Return what is wrong with values, "" for nothing."""
        if self._on_nonfinite == "record":
            return ""
        found = [*self._dropped.values(), describe_nonfinite(sections, self._losses)]
        self._dropped.clear()
        return "; ".join(filter(None, found))

    def _keep_dropped(self, history: LMHistory) -> None:
        """Remember what validation and the search for non-finite values need of rows about to be dropped."""
        section, name = next((each[:2] for each in self._histories() if each[2] is history), ("", ""))
        dropped = without_gaps(history.unmerged[: -history.limit * WIDTH])
        if name and section != "losses":
            do_all([self._validation.keeping(section, {name: dropped})])
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

    def _write(self) -> tuple[int, str]:
        """Write the rows; return how many were written, and what is wrong with values."""
        sections = self._rows()
        lost = self._lost()
        taken = self._taken(sections)
        count = ranks()
        sections = merged([sections]) if count == 1 else self._mean_of_ranks(sections, lost, taken)
        nonfinite = self._nonfinite(sections)
        taken += [self._validation.keeping(each, rows) for each, rows in sections.items() if each != "losses"]
        if self._log is not None:
            written = self._log.write(sections, lost, count, taken)
        else:
            do_all(taken)
            written = sum(len(rows) for losses in sections.values() for rows in losses.values()) // WIDTH
        for observer in self.observers:
            observer(sections)
        return written, nonfinite

    def _mean_of_ranks(
        self, sections: Sections, lost: Mapping[str, int], taken: Sequence[Action]
    ) -> Sections:
        here = self._log.next_chunk if self._log is not None else 0
        try:
            mean, (chunks, dropped) = self._mean(sections, [here, bool(self._dropped)])
        except RuntimeError as error:  # another rank is gone
            if self._log is not None:
                self._log.write(merged([sections]), lost, 1, taken)
                error.add_note("only the values of this rank were written to the loss log")
            error.add_note(
                f"rank {rank()} waited for the others in a flush, which all ranks must call: look for the "
                "first error of another rank"
            )
            raise
        if dropped and not self._dropped:
            self._dropped["", ""] = "values of another rank, which dropped them, are NaN or infinite"
        if any(mean.values()):
            self.position = int(chunks) + 1
        return mean

    def _rows(self) -> Sections:
        """Return a copy of all rows."""
        sections: dict[str, dict[str, array[float]]] = {}
        for section, name, history in self._histories():
            try:
                rows = history.unmerged
            except LossResultError as error:
                raise LossResultError(f"cannot write `{name}` to the log: {error}") from None
            if rows:
                sections.setdefault(section, {})[name] = rows
        return sections

    def _lost(self) -> dict[str, int]:
        counts = {
            name: sum(each.lost for each in loss.histories().values()) for name, loss in self._losses.items()
        }
        return {name: count for name, count in counts.items() if count}

    def _taken(self, sections: Sections) -> list[Action]:
        """Return what forgets these rows, and the count of those that were dropped."""
        taken: list[Action] = []
        for section, name, history in self._histories():
            taken += history.dropping(sections.get(section, {}).get(name, array("d")))
            if history.lost:
                taken.append((setattr, history, "lost", 0))
        return taken
