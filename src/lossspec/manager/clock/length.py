"""The length of a run. It belongs to the caller: a checkpoint only fills in what the caller has not set."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunLength:
    """The number of epochs and of steps of a run, as far as they are known.

    Attributes:
        totals: "total_epochs" and "total_steps", those that are known.
    """

    __slots__ = ("_caller", "_saved", "_warned", "totals")

    def __init__(self) -> None:
        self._caller: dict[str, float] = {}
        self._saved: dict[str, float] = {}
        self._warned = {"length": False, "end": False}
        self.totals: dict[str, float] = {}

    def set(self, totals: Mapping[str, float]) -> None:
        """Set lengths for the caller."""
        self._caller.update(totals)
        self._settle()

    def restore(self, totals: Mapping[str, float]) -> None:
        """Take the lengths of a checkpoint, unless the caller sets another length, before or after."""
        self._saved = dict(totals)
        self._settle()

    def _settle(self) -> None:
        agrees = all(self._saved.get(name) == total for name, total in self._caller.items())
        self.totals = {**(self._saved if agrees else {}), **self._caller}

    def warn_of_other_length(self, stacklevel: int) -> None:
        """Warn once if the caller and the checkpoint give two lengths."""
        for name, total in self._caller.items():
            saved = self._saved.get(name, total)
            if saved != total and not self._warned["length"]:
                self._warned["length"] = True
                warnings.warn(
                    f"`{name}` is {total:g}, but the checkpoint has {saved:g}: the run continues with "
                    f"{total:g}, which moves schedules that depend on the length of the run",
                    RuntimeWarning,
                    stacklevel=stacklevel,
                )

    def warn_of_end(self, name: str, position: float, stacklevel: int) -> None:
        """Warn once that the clock is past the end of the run."""
        if not self._warned["end"]:
            self._warned["end"] = True
            unit = name.removeprefix("total_").removesuffix("s")
            total = self.totals[name]
            warnings.warn(
                f"{unit} {position:g} is past the end of the run, `{name}` = {total:g}: schedules in "
                f"fractions now get {position / total:g}, more than 1. Call "
                f"`manager.set_progress({name}=...)` with the length of the whole run",
                RuntimeWarning,
                stacklevel=stacklevel,
            )
