"""From what is wrong to where it stands: faults become diagnostics, in file order, each once."""

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
    """Return where a path leads, or what encloses it most closely, and whether it is the path's own place."""
    return (path, True) if isinstance(path, Range) else source.reading.tables.nearest(path, at)


def _shortened(text: str) -> str:
    """Cut what quotes a huge value: a message is for reading."""
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"
