"""The limits of a spec, and the scan that checks a text before it is parsed.

The parser has wider limits of its own and does not say where they are exceeded: it gives up at 1,000 parts of
a key or 400 open brackets, after seconds if the file is hostile. The scan reads the text once, in linear
time. It follows the grammar as far as the text is valid; the parser does not get further either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.faults import Fault, Range
from lossspec.language.text.tokens import COMMENT, STRING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 256 * 1024
MAX_KEY_PARTS = 32
MAX_LEVELS = 32
MAX_LOSSES = 1_000
MAX_EXTENDS = 16
#: Variants in one reference.
MAX_PICKED = 16
MAX_VARIANTS = 500
#: Losses of a spec times its variants: each variant is checked with all losses.
MAX_VARIED = 10_000

#: Strings, comments, quotes that open a string without an end, and the marks that the scan looks at.
_TOKEN = re.compile(rf"{STRING}|\"\"\"|'''|[\"']|{COMMENT}|[\[\]{{}}=.,\n]")
_OPENERS = frozenset(('"', "'", '"""', "'''"))


def scan(text: str) -> Fault | None:  # noqa: C901, PLR0912 - one state machine, one pass
    """Return the fault of the first key or bracket that is past a limit, or None.

    >>> scan("a = [[1], [2]]")
    >>> scan("a = " + "[" * 33).code
    'too-deep'
    >>> scan(".".join("a" * 33) + " = 1").code
    'too-many-key-parts'
    """
    header = 0  # levels of the current header
    parts = 1  # parts of the key that is being read
    level = 0  # levels above the current value
    in_key, in_header = True, False
    outer: list[tuple[str, int]] = []  # the open brackets of the value, each with its level
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark == ".":
            if in_key:
                parts += 1
                if parts > MAX_KEY_PARTS:
                    return too_many_parts(match.start())
        elif mark == "\n":
            if not outer:
                in_key, in_header, parts = True, False, 1
        elif mark == "=":
            if in_key:
                in_key = False
                level = (outer[-1][1] if outer else header) + parts
        elif mark == ",":
            if outer and outer[-1][0] == "{":
                in_key, parts = True, 1
        elif mark in "[{":
            if in_key and not outer:  # a header, whose second bracket is one level more
                header, parts, in_header = (header + 1 if in_header else 0), 1, True
                continue
            outer.append((mark, level))
            if mark == "[":
                level += 1
            else:
                in_key, parts = True, 1
        elif mark in "]}":
            if in_header:
                header += parts
                in_key = in_header = False
            elif outer:
                level = outer.pop()[1]
                in_key = False
        elif mark in _OPENERS:
            return None
        if level > MAX_LEVELS or header > MAX_LEVELS:
            return too_deep(match.start())
    return None


def too_large(size: int) -> Fault | None:
    """Return the fault of a file that has too many bytes, or None."""
    if size <= MAX_BYTES:
        return None
    return Fault(
        "too-large",
        f"the file is larger than {MAX_BYTES // 1024} KiB",
        Range(0, 0),
        help="split it: one spec can extend another",
    )


def too_many_losses(document: Mapping[str, object]) -> Fault | None:
    """Return the fault of a document with too many losses, or None."""
    losses = document.get("losses")
    if not isinstance(losses, dict) or len(losses) <= MAX_LOSSES:
        return None
    extra = list(losses)[MAX_LOSSES]
    return Fault(
        "too-many-losses",
        f"a spec can have at most {MAX_LOSSES:,} losses, got {len(losses):,}",
        ("losses", extra),
        at="key",
        help="split it: one spec can extend another",
    )


def too_many_parts(at: int) -> Fault:
    """Return the fault of a key with too many parts, at the dot before the first of them."""
    return Fault(
        "too-many-key-parts",
        f"a key can have at most {MAX_KEY_PARTS} parts",
        Range(at, at + 1),
        help="no spec needs so many",
    )


def too_deep(at: int) -> Fault:
    """Return the fault of a bracket or key that opens one level too many."""
    return Fault(
        "too-deep",
        f"tables and arrays can be nested at most {MAX_LEVELS} levels deep",
        Range(at, at + 1),
        help="no spec needs so many",
    )
