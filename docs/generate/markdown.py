"""Writes small pieces of Markdown: blocks, tables, escaped text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def block(content: str, language: str = "text") -> str:
    """Return a fenced block."""
    return f"```{language}\n{content.rstrip()}\n```"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars within cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def escaped(text: str) -> str:
    """Return plain text, which can contain `code`, so that Markdown shows it unchanged."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        each if each.startswith("`") else re.sub(r"([\\*_<\[\]`#])", r"\\\1", each) for each in parts
    )
