"""The text of a spec, with its lines, columns and offsets."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.faults import Span

if TYPE_CHECKING:
    from pathlib import Path

    from lossspec.language.text.reading import Reading

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@frozen
class Source:
    r"""The text of one spec.

    Lines end at ``\n`` or ``\r\n`` and nowhere else, as in TOML; columns count characters.

    >>> source = Source("x.loss.toml", 'format = 1\r\ndescription = "日本"\r\n')
    >>> source.lines
    ('format = 1', 'description = "日本"', '')
    >>> source.span(26, 30)
    Span(line=2, column=15, end_line=2, end_column=19)

    Attributes:
        name: its name in messages: the path as the user gave it, ``<stdin>`` or ``<text>``.
        text: its text, without a byte order mark, line ends as they are.
        path: the file, or None if it has none.
    """

    name: str
    text: str
    path: Path | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends. Each is one string, shared by all diagnostics that show it."""
        return tuple(line.removesuffix("\r") for line in self.text.split("\n"))

    @cached_property
    def reading(self) -> Reading:
        """Its syntax errors, and the place of each key and value."""
        from lossspec.language.text.reading import Reading  # the clean path does not pay

        return Reading(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def span(self, start: int, end: int) -> Span:
        """Turn offsets into the text into lines and columns that count from 1."""
        return Span(*self.place(start), *self.place(end))

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset into the text."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """Return the offset into the text of a line and a column."""
        return self._starts[line - 1] + column - 1

    def line(self, number: int) -> str:
        """Return a line by its number, "" past the end."""
        return self.lines[number - 1] if number <= len(self.lines) else ""
