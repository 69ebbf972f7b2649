"""Where managers record to, for trainers that say so in several hooks instead of in one block."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from lossspec.manager.loss_manager import LossManager

    Enter = Callable[[LossManager], AbstractContextManager[None]]


class Recording:
    """What managers record to: training, until it is told otherwise."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._section: str | None = None

    def to_training(self) -> None:
        """Record to training from now on."""
        self._section = None
        self._stack.close()

    def to_section(self, managers: Sequence[LossManager], section: str) -> None:
        """Record to a validation section from now on.

        Raises:
            LossSpecError: the name of the section is invalid.
        """
        if section != self._section:
            self._begin(managers, lambda manager: manager.validating(section))
            self._section = section

    def to_nowhere(self, managers: Sequence[LossManager]) -> None:
        """Record nothing from now on."""
        self._begin(managers, lambda manager: manager.unrecorded())

    def _begin(self, managers: Sequence[LossManager], enter: Enter) -> None:
        self.to_training()
        for manager in managers:
            self._stack.enter_context(enter(manager))
