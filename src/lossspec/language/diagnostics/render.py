"""Renders a diagnostic as text: in full, with its line of the file and its help, or on one line.

>>> from lossspec.faults import Span
>>> from lossspec.language.diagnostics.diagnostic import Diagnostic
>>> diagnostic = Diagnostic(
...     "unknown-key", "error", "unknown key `wieght` in `losses.G_L1`", "pix2pix.loss.toml",
...     Span(31, 1, 31, 7), "a key with a similar name exists: `weight`", "wieght = 100.0",
... )
>>> print(render_full(diagnostic))
error[unknown-key]: unknown key `wieght` in `losses.G_L1`
  --> pix2pix.loss.toml:31:1
   |
31 | wieght = 100.0
   | ^^^^^^
   = help: a key with a similar name exists: `weight`
   = docs: https://lossspec.readthedocs.io/en/latest/errors/unknown-key/
>>> print(render_concise(diagnostic))
pix2pix.loss.toml:31:1: error[unknown-key]: unknown key `wieght` in `losses.G_L1`
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from lossspec.clean import line as clean_line
from lossspec.language.diagnostics.codes import url
from lossspec.language.diagnostics.snippet import Mark, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lossspec.faults import Span
    from lossspec.language.diagnostics.diagnostic import Diagnostic

    Paint = Callable[[str, str], str]
    #: A line, the span to mark, its label, and whether it is the main one.
    _Row = tuple[str, Span, str, bool]

_STYLES = {"error": "1;31", "warning": "1;33", "frame": "1;34", "bold": "1"}


def render_concise(diagnostic: Diagnostic) -> str:
    """Render on one line: ``path:line:column: severity[code]: message``."""
    place = _place(diagnostic.source, diagnostic.span)
    return clean_line(f"{place}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}")


def render_full(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """Render with the lines of the source, the help and the address of the page of its code.

    Args:
        diagnostic: the problem.
        color: whether to color the text for a terminal.
    """
    paint: Paint = _colored if color else lambda text, _style: text
    spans = [span for span in (diagnostic.span, *(label.span for label in diagnostic.labels)) if span]
    width = max((len(str(span.line)) for span in spans), default=1)
    margin = " " * width
    edge = f"{margin} {paint('=', 'frame')} "

    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    lines = [head + paint(f": {clean_line(diagnostic.message)}", "bold")]
    lines.append(f"{margin}{paint('-->', 'frame')} {clean_line(_place(diagnostic.source, diagnostic.span))}")
    rows = [(diagnostic.line, diagnostic.span, "", True)] if diagnostic.span else []
    for label in diagnostic.labels:
        row = (label.line, label.span, label.text, False)
        if label.source == diagnostic.source:
            rows.append(row)
            continue
        lines += _snippet(rows, width, diagnostic.severity, paint)
        lines.append(f"{margin}{paint(':::', 'frame')} {clean_line(_place(label.source, label.span))}")
        rows = [row]
    lines += _snippet(rows, width, diagnostic.severity, paint)
    if diagnostic.help:
        first, *more = diagnostic.help.split("\n")
        lines.append(f"{edge}{paint('help', 'bold')}: {clean_line(first)}")
        lines += [f"{margin}         {clean_line(each)}" for each in more]
    lines.append(f"{edge}{paint('docs', 'bold')}: {url(diagnostic.code)}")
    return "\n".join(lines)


def _place(source: str, span: Span | None) -> str:
    return f"{source}:{span.line}:{span.column}" if span else source


def _snippet(rows: Sequence[_Row], width: int, severity: str, paint: Paint) -> list[str]:
    """Draw lines of one source in order, with "..." where lines are left out."""
    if not rows:
        return []
    bar = f"{' ' * width} {paint('|', 'frame')}"
    lines = [bar]
    before = None
    for number, group in groupby(sorted(rows, key=_number), _number):
        if before is not None and number > before + 1:
            lines.append(paint("...", "frame"))
        before = number
        marked = list(group)
        line = marked[0][0]
        text, *marks = draw(line, [_mark(line, span, label, main=main) for _, span, label, main in marked])
        lines.append(f"{paint(f'{number:>{width}} |', 'frame')} {text}".rstrip())
        for mark in marks:
            parts = re.split(r"(\^+)", mark)
            painted = [paint(part, severity if part.startswith("^") else "frame") for part in parts if part]
            lines.append(f"{bar} {''.join(painted)}")
    return lines


def _number(row: _Row) -> int:
    return row[1].line


def _mark(line: str, span: Span, text: str, *, main: bool) -> Mark:
    """Return the mark of a span on its first line; a longer span marks the rest of that line."""
    end = span.end_column if span.end_line == span.line else len(line) + 1
    return Mark(span.column, end, text, main)


def _colored(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
