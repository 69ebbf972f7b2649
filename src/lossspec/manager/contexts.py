"""What a manager does differently for a while: values of validation, none at all, or values to a function."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lossspec.manager.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.manager.record.flush import Observer


class Contexts(State):
    """The contexts of a ``LossManager``."""

    @contextmanager
    def validating(self, name: str = "validation") -> Iterator[None]:
        """Record the values in this context as values of a validation section; the log keeps sections apart.

        Raises:
            LossSpecError: another section is active, or the name is invalid.
        """
        self._registration.begin(name)
        self._restamp()
        try:
            yield
        finally:
            self._registration.end()
            self._restamp()

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Record nothing in this context, such as the repeated forwards of LBFGS, SAM or a line search."""
        before = self._recorders.is_paused
        self._pause(paused=True)
        try:
            yield
        finally:
            self._pause(paused=before)

    @contextmanager
    def observed(self, observer: Observer) -> Iterator[None]:
        """Pass the rows of each flush in this context to ``observer`` too, also without a folder.

        It is called on every rank, with the means over ranks: rows by loss for each section, as in
        ``lossspec.log.rows``, where "losses" is the section of training.
        """
        self._flusher.observers.append(observer)
        self._recorders.merges = True
        try:
            yield
        finally:
            self._flusher.observers.remove(observer)
            self._recorders.merges = self._writes or bool(self._flusher.observers)

    def _pause(self, *, paused: bool) -> None:
        self._recorders.pause(paused=paused)
        self._restamp()

    def _restamp(self) -> None:
        for objective in self._objectives.values():
            objective.restamp()
