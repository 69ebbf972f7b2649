"""The error that carries the diagnostics of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.diagnostics.diagnostic import Diagnostic


class SpecError(LossSpecError):
    """A spec that cannot be read, resolved or built; ``diagnostics`` has every problem found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        from lossspec.language.diagnostics.render import render_full  # the clean path does not pay

        self.diagnostics = tuple(diagnostics)
        super().__init__("\n" + "\n".join(render_full(each) for each in self.diagnostics))
