"""Code actions: a quick fix for each problem that has a replacement, and one that makes all certain ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lossspec.faults import Span
from lossspec.language.diagnostics.fix import apply_fixes
from lossspec.language.diagnostics.ignores import ignoring
from lossspec.server.diagnostics import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.server.state.document import Document
    from lossspec.server.state.positions import Positions

FIX_ALL = "source.fixAll.lossspec"


def actions(
    document: Document, positions: Positions, uri: str, params: lsp.CodeActionParams
) -> list[lsp.CodeAction]:
    """Return the actions for a range of a document."""
    wanted = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
    found: list[lsp.CodeAction] = []
    if _is_wanted("quickfix", wanted):
        found += _quick_fixes(document, positions, uri, params)
        found += _ignoring(document, positions, uri, params)
    if _is_wanted(FIX_ALL, wanted):
        found += _fix_all(document, positions, uri)
    return found


def _is_wanted(kind: str, wanted: list[str]) -> bool:
    return not wanted or any(kind == each or kind.startswith(f"{each}.") for each in wanted)


def _quick_fixes(
    document: Document, positions: Positions, uri: str, params: lsp.CodeActionParams
) -> Iterator[lsp.CodeAction]:
    for each in document.diagnostics:
        place = positions.of_span(each.span)
        if each.replacement is None or each.source != document.source.name:
            continue
        if not _overlap(place, params.range):
            continue
        shown = [one for one in params.context.diagnostics if one.code == each.code and one.range == place]
        yield lsp.CodeAction(
            title=_title(each),
            kind=lsp.CodeActionKind.QuickFix,
            diagnostics=shown or None,
            is_preferred=each.certain,
            edit=lsp.WorkspaceEdit(changes={uri: _edits(each, positions)}),
        )


def _ignoring(
    document: Document, positions: Positions, uri: str, params: lsp.CodeActionParams
) -> Iterator[lsp.CodeAction]:
    """Yield an action that writes a comment for each problem that a comment can ignore."""
    source = document.source
    for each in document.diagnostics:
        place = positions.of_span(each.span)
        if each.span is None or each.source != source.name or not _overlap(place, params.range):
            continue
        if comment := ignoring(each, source):
            line, column = each.span.line, len(source.line(each.span.line)) + 1
            edit = lsp.TextEdit(positions.of_span(Span(line, column, line, column)), comment)
            yield lsp.CodeAction(
                title=f"Ignore `{each.code}` on this line",
                kind=lsp.CodeActionKind.QuickFix,
                edit=lsp.WorkspaceEdit(changes={uri: [edit]}),
            )


def _edits(each: Diagnostic, positions: Positions) -> list[lsp.TextEdit]:
    spans = [span for span in (each.span, *each.repeats) if span is not None]
    return [lsp.TextEdit(positions.of_span(span), each.replacement or "") for span in spans]


def _title(each: Diagnostic) -> str:
    new = (each.replacement or "").strip()
    if not new:
        return f"Remove it: {message(each).splitlines()[0]}"
    line = new.splitlines()[0]
    return f"Replace with `{line}`" if line == new else f"Replace with `{line}` ..."


def _fix_all(document: Document, positions: Positions, uri: str) -> Iterator[lsp.CodeAction]:
    _, made = apply_fixes(document.source, document.diagnostics)
    if made:
        edits = [lsp.TextEdit(positions.of_span(each.span), each.new) for each in made]
        yield lsp.CodeAction(
            title="Apply all fixes that are certain",
            kind=FIX_ALL,
            edit=lsp.WorkspaceEdit(changes={uri: edits}),
        )


def _overlap(one: lsp.Range, other: lsp.Range) -> bool:
    return one.start <= other.end and other.start <= one.end
