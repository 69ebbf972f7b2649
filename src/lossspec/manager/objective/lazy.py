"""Which terms with ``every`` are due, and which have run: lazy regularisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.manager.loss.loss import LMLoss


def is_due(loss: LMLoss, step: int) -> bool:
    """Return whether a loss runs at ``step``.

    It does at the first step at or after each multiple at which its objective is called, in all calls there.
    """
    if loss.term is None or loss.term.every is None:
        return True
    steps, last = loss.term.every.steps, loss.last_due
    return last is None or last == step or step // steps > last // steps


class LazyTerms:
    """The terms of an objective that have ``every``.

    A call only sets ``called``, as a compiled graph can; the rest is done when the clock moves.

    Args:
        losses: the losses of the objective.

    Attributes:
        called: whether the objective was called since the clock moved.
        counts: whether calls now are part of the training. Those in ``validating()`` and ``unrecorded()`` are
            not, and leave a term due.
    """

    def __init__(self, losses: Iterable[LMLoss]) -> None:
        self._losses = [loss for loss in losses if loss.term is not None and loss.term.every is not None]
        self._step = 0
        self.called = False
        self.counts = True

    def __bool__(self) -> bool:
        return bool(self._losses)

    def settle(self) -> None:
        """Note which terms have run since the clock moved."""
        if self.called and self.counts:
            for loss in self._losses:
                if is_due(loss, self._step):
                    loss.last_due = self._step
        self.called = False

    def move(self, step: int) -> None:
        """Follow the clock; one that is set back makes the multiples from there on due again."""
        self.settle()
        for loss in self._losses:
            if loss.last_due is not None and step < loss.last_due:
                loss.last_due = step - 1 if step > 0 else None
        self._step = step
