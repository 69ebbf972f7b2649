"""Turns places of a text into positions of the protocol, which count lines from 0, and back.

A column counts UTF-16 units, or what client and server agreed on.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from attrs import frozen
from lsprotocol import types as lsp

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.faults import Span
    from lossspec.language.text.source import Source


def utf_8(text: str) -> int:
    """Return the length of a text in bytes."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def utf_16(text: str) -> int:
    """Return the length of a text in UTF-16 units.

    >>> utf_16("aé😋")
    4
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


#: How to count, by the name of an encoding in the protocol.
UNITS: dict[str, Callable[[str], int]] = {"utf-8": utf_8, "utf-16": utf_16, "utf-32": len}


@frozen
class Positions:
    """Converts between a source and the protocol.

    Attributes:
        source: the text.
        units: gives the length of a string in the client's units.
    """

    source: Source
    units: Callable[[str], int] = utf_16

    def offset(self, position: lsp.Position) -> int:
        """Return the offset of a position; one past the end of a line or the text is at that end."""
        if position.line >= len(self.source.lines):
            return len(self.source.text)
        line = self.source.line(position.line + 1)
        columns = range(len(line))
        column = bisect_left(columns, position.character, key=lambda column: self.units(line[:column]))
        return self.source.offset(position.line + 1, column + 1)

    def position(self, line: int, column: int) -> lsp.Position:
        """Return the position of a line and a column that count from 1."""
        return lsp.Position(line - 1, self.units(self.source.line(line)[: column - 1]))

    def of_span(self, span: Span | None) -> lsp.Range:
        """Return the range of a span, or the start of the text."""
        if span is None:
            return lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        return lsp.Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def of_offsets(self, start: int, end: int) -> lsp.Range:
        """Return the range between two offsets."""
        return self.of_span(self.source.span(start, end))
