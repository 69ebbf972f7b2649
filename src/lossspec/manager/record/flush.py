"""Flushes recorded values: checks them, averages them over the ranks, hands them to the log."""

from __future__ import annotations

import math
import warnings
from array import array
from typing import TYPE_CHECKING, Literal

from lossspec.errors import ClockError, LossResultError, NonFiniteError
from lossspec.log.rows import EPOCH, RAW, STEP, WIDTH, Sections
from lossspec.manager.clock.unmoved import Standstill
from lossspec.manager.record.ranks import RankMean, ranks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lossspec.log.rows import LMHistory
    from lossspec.log.writer import LossLog
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss

OnNonFinite = Literal["record", "warn", "raise"]


class Collector:
    """Empties the histories of a manager's losses into its log.

    Args:
        losses: the manager's losses, by name.
        clock: the manager's clock.
        weights: the manager's weights.
        log: where rows are written, or None: then the histories keep the newest.
        writes: whether values leave the histories: to the log, or to the rank that has it.
        on_nonfinite: what happens to a NaN or infinite value.
        limit: how many rows of a loss wait at most.
    """

    def __init__(
        self,
        losses: Mapping[str, LMLoss],
        clock: Clock,
        weights: Weights,
        log: LossLog | None,
        *,
        writes: bool,
        on_nonfinite: OnNonFinite,
        limit: int,
    ) -> None:
        self._losses = losses
        self._clock = clock
        self._standstill = Standstill(clock, weights)
        self._warned_of_epochs = False
        self._log = log
        self._writes = writes
        self._on_nonfinite = on_nonfinite
        self._mean = RankMean()
        self._limit = limit
        self._flushed_at = 0

    def overflow(self, history: LMHistory) -> None:
        """Make room in a full history: write it, or drop its oldest rows."""
        if self._writes and ranks() == 1:
            self.flush()
        else:  # the ranks may not be equally full: they write together, when it `is_due`
            history.trim()

    def is_due(self) -> bool:
        """Whether the ranks, whose clocks agree, should write together now, before a buffer is full."""
        return self._writes and 8 * abs(self._clock.step - self._flushed_at) >= self._limit and ranks() > 1

    def flush(self, *, ends: bool = False) -> int:
        """Write what was recorded; return how many rows were written.

        Args:
            ends: whether it is the last time.

        Raises:
            NonFiniteError: a value is NaN or infinite, and that is to raise; it is written all the same.
            ClockError: a loss depends on the step, and ``step()`` was never called; as above.
        """
        losses = list(self._losses.values())
        problems = non_finite(losses) if self._on_nonfinite != "record" else ""
        still = self._standstill.without_steps(losses)
        unset = "" if self._warned_of_epochs else self._standstill.without_epochs(losses, ends=ends)
        written = self._write() if self._writes else 0
        self._flushed_at = self._clock.step
        if problems and self._on_nonfinite == "raise":
            raise NonFiniteError(problems)
        if problems:
            warnings.warn(problems, RuntimeWarning, stacklevel=4)
        if unset:
            self._warned_of_epochs = True
            warnings.warn(unset, RuntimeWarning, stacklevel=4)
        if still:
            raise ClockError(still)
        return written

    def _write(self) -> int:
        sections, lost = self._take()
        count = ranks()
        if count > 1:
            try:
                sections = self._mean(sections)
            except RuntimeError as error:  # another rank is gone: what this one knows is still worth a line
                if self._log is not None:
                    self._log.write(sections, lost, ranks=1)
                error.add_note("the values of this rank alone were written to the loss log")
                raise
        return self._log.write(sections, lost, ranks=count) if self._log is not None else 0

    def _take(self) -> tuple[Sections, dict[str, int]]:
        sections: dict[str, dict[str, array[float]]] = {"losses": {}, "validation": {}}
        lost: dict[str, int] = {}
        losses = self._losses.items()
        for name, loss in losses:
            for section, history in (("losses", loss.training), ("validation", loss.validation)):
                try:
                    rows = history.waiting
                except LossResultError as error:  # before any loss has handed over its rows
                    raise LossResultError(f"`{name}` can't be written to the log: {error}") from None
                if rows:
                    sections[section][name] = rows
        for name, loss in losses:
            for section, history in (("losses", loss.training), ("validation", loss.validation)):
                history.drop(sections[section].get(name, array("d")))
                if history.lost:
                    lost[name] = lost.get(name, 0) + history.lost
                    history.lost = 0
        return sections, lost


def non_finite(losses: Iterable[LMLoss]) -> str:
    """Say which losses recorded a NaN or an infinite value, how often, and where first; "" if none did."""
    found = []
    for loss in losses:
        rows = loss.training.waiting
        bad = [index for index, value in enumerate(rows[RAW::WIDTH]) if not math.isfinite(value)]
        if bad:
            first = rows[bad[0] * WIDTH : (bad[0] + 1) * WIDTH]
            place = f"epoch {first[EPOCH]:g}, step {first[STEP]:g}"
            found.append(
                f"`{loss.name}` is {first[RAW]} ({len(bad)} of {len(rows) // WIDTH} values, first at {place})"
            )
    return "; ".join(found)
