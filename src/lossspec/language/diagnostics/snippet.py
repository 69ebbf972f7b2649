"""Draws a line of a source with marks under it, also with tabs, wide and control characters."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.clean import UNPRINTABLE
from lossspec.clean import line as clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TAB = "    "
#: Of a longer line, only the part around the main mark is shown.
_WIDTH = 140
_BEFORE = 40


@frozen
class Mark:
    """A stretch of a line to underline.

    Attributes:
        start: its first column, from 1.
        end: the column after its last one.
        text: its label, or "".
        main: whether it marks the problem itself, or another place that is part of it.
    """

    start: int
    end: int
    text: str = ""
    main: bool = False


def draw(line: str, marks: Sequence[Mark]) -> list[str]:
    r"""Return a line as a terminal shows it, and the lines with its marks.

    >>> print("\n".join(draw("日本\t= 1", [Mark(6, 7, main=True), Mark(1, 3, "named here")])))
    日本    = 1
    ----      ^
    |
    named here
    """
    shown, columns = _cells(line, _window(line, marks))
    row = [" "] * (columns(len(line) + 1) + 1)
    for mark in sorted(marks, key=lambda mark: mark.main):  # the main one is drawn over the others
        start, end = _stretch(mark, columns)
        row[start:end] = ("^" if mark.main else "-") * (end - start)
    lines = [shown, "".join(row).rstrip()]
    last = max(marks, key=lambda mark: mark.start)
    if last.text:
        lines[1] += f" {clean_line(last.text)}"
    below = sorted((mark for mark in marks if mark.text and mark is not last), key=lambda mark: mark.start)
    if below:
        lines.append(_bars(below, columns))
    while below:
        mark = below.pop()
        column = columns(mark.start)
        lines.append(f"{_bars(below, columns):{column}}{clean_line(mark.text)}")
    return lines


def _window(line: str, marks: Sequence[Mark]) -> tuple[int, int]:
    """Return the part of a line to show: all of it, or the part around the main mark."""
    if len(line) <= _WIDTH:
        return 0, len(line)
    main = max(marks, key=lambda mark: mark.main)
    start = max(0, min(main.start - 1 - _BEFORE, len(line) - _WIDTH))
    return start, start + _WIDTH


def _cells(line: str, window: tuple[int, int]) -> tuple[str, Callable[[int], int]]:
    """Return a part of a line as a terminal shows it, and a function from columns to places in it."""
    first, last = window
    shown = "…" if first else ""
    width = len(shown)
    places = []
    for char in line[first:last]:
        places.append(width)
        if char == "\t":
            shown += _TAB
            width += len(_TAB)
        elif UNPRINTABLE.match(char):
            shown += "\N{REPLACEMENT CHARACTER}"
            width += 1
        else:
            shown += char
            width += _width(char)
    places.append(width)
    if last < len(line):
        shown += "…"
    return shown, lambda column: places[min(max(column - 1 - first, 0), len(places) - 1)]


def _width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _stretch(mark: Mark, columns: Callable[[int], int]) -> tuple[int, int]:
    start = columns(mark.start)
    return start, max(start + 1, columns(mark.end))


def _bars(marks: Sequence[Mark], columns: Callable[[int], int]) -> str:
    """Return a row with a bar under the start of each mark."""
    row = ""
    for mark in marks:
        column = columns(mark.start)
        row = f"{row:{column}}|"[: column + 1]
    return row
