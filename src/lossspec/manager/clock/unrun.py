"""Finds terms with ``every`` that were due and never ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.log.rows import STEP, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.manager.loss.loss import LMLoss


class UnrunTerms:
    """Checks at each flush whether a lazy term was left out for a whole interval of a training.

    That happens if the loop decides by itself when to call its objective, and its steps are never multiples.
    """

    def __init__(self) -> None:
        self._since = 0
        self._weighed: set[str] | None = None
        self._warned: set[str] = set()

    def __call__(self, losses: Sequence[LMLoss], step: int) -> str:
        """Return a message about terms that did not run since the last flush, each named once; else "".

        Args:
            losses: all losses of the manager, before the flush takes their rows.
            step: the step of the clock.
        """
        lazy = [loss for loss in losses if loss.term is not None and loss.term.every is not None]
        if not lazy:
            return ""
        ran = {loss.name: self._steps(loss) for loss in losses}
        steps = [each for found in ran.values() for each in found]
        weighed = {loss.name for loss in lazy if loss.applied_weight}
        known = {loss.name for loss in lazy if not loss.units()} if self._weighed is None else self._weighed
        found = []
        for loss in lazy if steps else []:
            name, first, last = loss.name, int(min(steps)), int(max(steps))
            candidate = name in weighed & known and not ran[name] and name not in self._warned
            if candidate and _intervals(loss, first, last) > 1:
                self._warned.add(name)
                found.append(
                    f"`{name}` has `every`, but did not run between the steps {first} and {last}: call "
                    f'`manager.objective("{loss.objective}")` in each step, which leaves it out where it is '
                    "not due"
                )
        self._since, self._weighed = step, weighed
        return "; ".join(found)

    def _steps(self, loss: LMLoss) -> list[float]:
        """Return the steps of the training rows since the last flush; without a folder, rows stay."""
        return [each for each in loss.training.flat[STEP::WIDTH] if each >= self._since]


def _intervals(loss: LMLoss, first: int, last: int) -> int:
    """Return how many multiples lie between two steps, since the loss last ran."""
    steps = loss.term.every.steps if loss.term is not None and loss.term.every is not None else 1
    done = -1 if loss.last_due is None else loss.last_due // steps
    return last // steps - max(first // steps, done)
