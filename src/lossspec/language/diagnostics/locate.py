"""From what is wrong to where it stands: faults become diagnostics, in file order, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import MAX_PROBLEMS, Fault, TextFault
from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.diagnostic import Diagnostic, Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.language.text.source import Source

_MAX_MESSAGE = 500


def locate(faults: Iterable[Fault | TextFault], source: Source) -> list[Diagnostic]:
    """Give each fault its place in the source.

    A fault whose path the source does not have stands at what encloses it most closely, and loses its
    replacement. No more than ``MAX_PROBLEMS`` are taken from ``faults``, which may therefore be lazy.

    Raises:
        KeyError: if a code is not in ``codes.toml``: an error of ours, never of the user.
    """
    found: dict[tuple[object, ...], Diagnostic] = {}
    cut = []
    for fault in faults:
        if len(found) == MAX_PROBLEMS:
            message = f"more than {MAX_PROBLEMS} problems: the rest is not shown"
            cut = [Diagnostic("too-many-problems", "error", message, source.name)]
            break
        each = _in_text(fault, source) if isinstance(fault, TextFault) else _in_document(fault, source)
        found.setdefault((each.span, each.code, each.message), each)
    return [*sorted(found.values(), key=_place), *cut]


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    span = diagnostic.span
    return (span.line, span.column) if span else (0, 0)


def _in_document(fault: Fault, source: Source) -> Diagnostic:
    """Place a fault by its key path."""
    tables = source.reading.tables
    (start, end), exact = tables.nearest(fault.path, fault.at)
    related = []
    for path, label in fault.related:
        place, _ = tables.nearest(path, "key")
        related.append((*place, label))
    replacement = fault.replacement if exact else None
    repeats = tables.keys(fault.path)[1:] if replacement is not None and fault.at == "key" else ()
    return _in_text(
        TextFault(
            fault.code,
            fault.message,
            start,
            end,
            help=fault.help,
            replacement=replacement,
            certain=fault.certain and replacement is not None,
            related=tuple(related),
        ),
        source,
        repeats,
    )


def _in_text(fault: TextFault, source: Source, repeats: Iterable[tuple[int, int]] = ()) -> Diagnostic:
    """Place a fault by its offsets."""
    span = source.span(fault.start, fault.end)
    labels = []
    for start, end, text in fault.related:
        where = source.span(start, end)
        labels.append(Label(source.name, where, text, source.line(where.line)))
    return Diagnostic(
        code=fault.code,
        severity=codes()[fault.code].severity,
        message=_shortened(fault.message),
        source=source.name,
        span=span,
        help=_shortened(fault.help),
        line=source.line(span.line),
        replacement=fault.replacement,
        certain=fault.certain,
        repeats=tuple(source.span(*each) for each in repeats),
        labels=tuple(labels),
    )


def _shortened(text: str) -> str:
    """Cut what quotes a huge value: a message is for reading."""
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"
