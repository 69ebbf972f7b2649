"""Reads a Google-style docstring: the summary, and what its ``Args`` say of each name."""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple

_ENTRY = re.compile(r"(?P<name>\w+)(?: \([^)]*\))?: *(?P<text>.*)")


class Docstring(NamedTuple):
    """The first line of a docstring, and the descriptions under ``Args`` by name."""

    summary: str
    described: dict[str, str]


def read_docstring(text: str | None) -> Docstring:
    """Read a docstring; of none, or of another style, whatever can be made out.

    >>> read_docstring('''Squared error.
    ...
    ...     Args:
    ...         power (float): of the error;
    ...             2 is the squared error
    ...     ''')
    Docstring(summary='Squared error.', described={'power': 'of the error; 2 is the squared error'})
    """
    lines = inspect.cleandoc(text or "").splitlines()
    described: dict[str, str] = {}
    indent, name, inside = 0, "", False
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if depth == 0 and line:
            inside, indent = line in ("Args:", "Arguments:"), 0
        elif inside and line:
            indent = indent or depth
            entry = _ENTRY.fullmatch(line.strip()) if depth == indent else None
            if entry:
                name = entry["name"]
                described[name] = entry["text"]
            elif name:
                described[name] += " " + line.strip()
    return Docstring(lines[0] if lines else "", described)
