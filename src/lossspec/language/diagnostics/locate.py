"""Turns faults into diagnostics with their place in a source, in file order, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lossspec.faults import MAX_PROBLEMS, Fault, Range
from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.diagnostic import Diagnostic, Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.faults import KeyPath
    from lossspec.language.text.source import Source

_MAX_MESSAGE = 500


def locate(faults: Iterable[Fault], source: Source) -> list[Diagnostic]:
    """Return each fault with its place in the source.

    If the source does not have the path of a fault, the place is that of its closest parent, and the fault
    loses its replacement. At most ``MAX_PROBLEMS`` are taken from ``faults``, so it can be lazy.

    Raises:
        KeyError: a code is not in ``codes.toml``: a bug in lossspec.
    """
    found: dict[tuple[object, ...], Diagnostic] = {}
    cut = []
    for fault in faults:
        if len(found) == MAX_PROBLEMS:
            message = f"more than {MAX_PROBLEMS} problems: the rest is not shown"
            cut = [Diagnostic("too-many-problems", "error", message, source.name)]
            break
        each = _diagnostic(fault, source)
        found.setdefault((each.span, each.code, each.message), each)
    return [*sorted(found.values(), key=_place), *cut]


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    span = diagnostic.span
    return (span.line, span.column) if span else (0, 0)


def _diagnostic(fault: Fault, source: Source) -> Diagnostic:
    (start, end), is_exact = _offsets(fault.path, fault.at, source)
    span = source.span(start, end)
    replacement = fault.replacement if is_exact else None
    repeats: Iterable[tuple[int, int]] = ()
    if replacement is not None and fault.at == "key" and not isinstance(fault.path, Range):
        repeats = source.reading.tables.keys(fault.path)[1:]
    labels = []
    for path, text in fault.related:
        where = source.span(*_offsets(path, "key", source)[0])
        labels.append(Label(source.name, where, text, source.line(where.line)))
    return Diagnostic(
        code=fault.code,
        severity=codes()[fault.code].severity,
        message=_shortened(fault.message),
        source=source.name,
        span=span,
        help=_shortened(fault.help),
        line=source.line(span.line),
        replacement=replacement,
        certain=fault.certain and replacement is not None,
        repeats=tuple(source.span(*each) for each in repeats),
        labels=tuple(labels),
    )


def _offsets(path: KeyPath, at: Literal["key", "value"], source: Source) -> tuple[tuple[int, int], bool]:
    """Return the place of a path, or of its closest parent that has one, and whether it is its own."""
    return (path, True) if isinstance(path, Range) else source.reading.tables.nearest(path, at)


def _shortened(text: str) -> str:
    """Cut a message that quotes a huge value."""
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"
