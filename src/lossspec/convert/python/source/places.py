"""Edits of a source text at the places of its nodes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Node: TypeAlias = ast.stmt | ast.expr | ast.arg
#: Where the bytes that are replaced begin and end, and what replaces them.
Edit: TypeAlias = tuple[int, int, str]


class Places:
    """Where the nodes of a text begin and end, in bytes, as ``ast`` counts."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self._lines = [0]
        for line in self.data.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def begin(self, node: Node) -> int:
        """Return where a node begins."""
        return self._lines[node.lineno - 1] + node.col_offset

    def end(self, node: Node) -> int:
        """Return where a node ends."""
        return self._lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def segment(self, node: Node) -> str:
        """The text of a node."""
        return self.data[self.begin(node) : self.end(node)].decode()

    def lines(self, first: ast.stmt, last: ast.stmt) -> tuple[int, int]:
        """Where the lines begin and end that statements fill, decorators included."""
        decorators = getattr(first, "decorator_list", [])
        line = decorators[0].lineno if decorators else first.lineno
        return self._lines[line - 1], self._lines[last.end_lineno or last.lineno]

    def with_comments(self, node: ast.stmt) -> tuple[int, int]:
        """Where a top-level statement begins and ends, with the comments right before it and behind it."""
        start, end = self.lines(node, node)
        while start and (before := self.data.rfind(b"\n", 0, start - 1) + 1) < start:
            if not self.data[before:start].startswith(b"#"):
                break
            start = before
        return start, end

    def edited(self, start: int, end: int, edits: Iterable[Edit]) -> str:
        """Return the text between two places, after edits that lie within and do not overlap."""
        data, offset = self.data[start:end], start
        for begin, last, new in sorted(edits, reverse=True):
            data = data[: begin - offset] + new.encode() + data[last - offset :]
        return data.decode()


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a whole text after edits.

    >>> edited("abc", [(1, 2, "-")])
    'a-c'
    """
    return Places(text).edited(0, len(text.encode()), edits)
