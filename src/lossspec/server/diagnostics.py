"""Diagnostics: the problems of a spec, with our codes, as the protocol shows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lossspec.faults import Span
from lossspec.language.diagnostics import codes

if TYPE_CHECKING:
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.server.state.document import Document
    from lossspec.server.state.positions import Positions

_SEVERITY = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
_UNUSED = ("unused-param", "unused-input", "unused-ignore")
#: Problems of specs that this one extends that are shown with it.
_MOST_INHERITED = 20


def diagnostics(document: Document, positions: Positions) -> list[lsp.Diagnostic]:
    """Return the problems of a spec; those of a spec that it extends stand at ``extends``."""
    found: list[lsp.Diagnostic] = []
    inherited = 0
    for each in document.diagnostics:
        if each.source == document.source.name:
            found.append(_own(each, document, positions))
        elif inherited < _MOST_INHERITED:
            inherited += 1
            found.append(_inherited(each, document, positions))
    return found


def _own(each: Diagnostic, document: Document, positions: Positions) -> lsp.Diagnostic:
    related = [
        lsp.DiagnosticRelatedInformation(
            lsp.Location(_uri(document.path), positions.of_span(label.span)), label.text
        )
        for label in each.labels
        if document.path is not None
    ]
    return lsp.Diagnostic(
        range=positions.of_span(each.span),
        message=message(each),
        severity=_SEVERITY[each.severity],
        code=each.code,
        code_description=lsp.CodeDescription(codes.url(each.code)),
        source="lossspec",
        tags=[lsp.DiagnosticTag.Unnecessary] if each.code in _UNUSED else None,
        related_information=related or None,
    )


def _inherited(each: Diagnostic, document: Document, positions: Positions) -> lsp.Diagnostic:
    place = document.tables.value(("extends",)) or (0, 0)
    span = each.span or Span(1, 1, 1, 1)
    file = Path(each.source)
    where = f"{each.source}:{span.line}:{span.column}"
    related = None
    if file.suffix == ".toml":
        there = lsp.Position(span.line - 1, span.column - 1)
        location = lsp.Location(_uri(file), lsp.Range(there, there))
        related = [lsp.DiagnosticRelatedInformation(location, each.message)]
    return lsp.Diagnostic(
        range=positions.of_offsets(*place),
        message=f"in {where}: {message(each)}",
        severity=_SEVERITY[each.severity],
        code=each.code,
        code_description=lsp.CodeDescription(codes.url(each.code)),
        source="lossspec",
        related_information=related,
    )


def message(each: Diagnostic) -> str:
    """Return the message of a problem and what to do about it."""
    return f"{each.message}\n{each.help}" if each.help else each.message


def _uri(path: Path | None) -> str:
    return path.resolve().as_uri() if path else ""
