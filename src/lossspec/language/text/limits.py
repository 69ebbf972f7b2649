"""The limits of a file, checked by one linear scan before parsing it costs anything.

The parser has limits of its own, but they are wider and name no place: it gives up at 1,000 parts of a key or
400 open brackets, after seconds if the file is hostile. The scan reads the file once, skips strings and
comments, and says of the first place past a limit what is wrong. It follows the grammar as far as the text is
valid; where it no longer is, the parser stops as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.faults import Fault, Range
from lossspec.language.text.tokens import COMMENT, STRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES = 256 * 1024
MAX_KEY_PARTS = 32
MAX_LEVELS = 32
MAX_LOSSES = 1_000
MAX_EXTENDS = 16
#: Variants that one reference picks.
MAX_PICKED = 16
MAX_VARIANTS = 500
#: Losses of all variants of a spec together: each variant is checked with all that it leaves alone.
MAX_VARIED = 10_000

#: What matters to the scan: whole strings and comments, quotes that open a string without an end, and marks.
_TOKEN = re.compile(rf"{STRING}|\"\"\"|'''|[\"']|{COMMENT}|[\[\]{{}}=.,\n]")
_OPENERS = frozenset(('"', "'", '"""', "'''"))
_LONG_INTEGER = re.compile(r"\d\w{18,}", re.ASCII)


def scan(text: str) -> Fault | None:  # noqa: C901, PLR0912 - one state machine, one pass
    """Return the first place of a text that is past a limit, or None.

    >>> scan("a = [[1], [2]]")
    >>> scan("a = " + "[" * 33).code
    'too-deep'
    >>> scan(".".join("a" * 33) + " = 1").code
    'too-many-key-parts'
    """
    header = 0  # levels that the current header opened
    parts = 1  # parts of the key that is being read
    level = 0  # levels above the current value
    in_key, in_header = True, False
    outer: list[tuple[str, int]] = []  # the open brackets of the value, each with the level that it is at
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
    return next(_long_integers(text), None)


def too_large(size: int) -> Fault | None:
    """Return the fault of a file of more bytes than may be read, or None."""
    if size <= MAX_BYTES:
        return None
    return Fault(
        "too-large",
        f"the file is larger than {MAX_BYTES // 1024} KiB",
        Range(0, 0),
        help="split it: one spec may extend another",
    )


def too_many_losses(document: Mapping[str, object]) -> Fault | None:
    """Return the fault of a document with more losses than a spec may have, or None."""
    losses = document.get("losses")
    if not isinstance(losses, dict) or len(losses) <= MAX_LOSSES:
        return None
    extra = list(losses)[MAX_LOSSES]
    return Fault(
        "too-many-losses",
        f"{len(losses):,} losses: a spec has at most {MAX_LOSSES:,}",
        ("losses", extra),
        at="key",
        help="split it: one spec may extend another",
    )


def too_many_parts(at: int) -> Fault:
    """Return the fault of a key that goes on at a dot, though it has as many parts as it may."""
    return Fault(
        "too-many-key-parts",
        f"a key of more than {MAX_KEY_PARTS} parts",
        Range(at, at + 1),
        help="nothing in a spec lies that deep",
    )


def too_deep(at: int) -> Fault:
    """Return the fault of what opens one level too many."""
    return Fault(
        "too-deep",
        f"more than {MAX_LEVELS} levels of tables and arrays",
        Range(at, at + 1),
        help="nothing in a spec lies that deep",
    )


def _long_integers(text: str) -> Iterator[Fault]:
    """Yield the integers that 64 bits don't hold: no other reader of TOML takes them, nor does torch."""
    if _LONG_INTEGER.search(text) is None:
        return
    covered = 0
    for token in [*_TOKEN.finditer(text), None]:
        end = token.start() if token else len(text)
        for match in _LONG_INTEGER.finditer(text, covered, end):
            if _is_integer_beyond_64_bits(text, match):
                yield Fault(
                    "integer-too-large",
                    "an integer that 64 bits do not hold",
                    Range(match.start(), match.end()),
                    help="write it as a float, such as 1e20",
                )
        covered = token.end() if token else end


def _is_integer_beyond_64_bits(text: str, match: re.Match[str]) -> bool:
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if before.isalnum() or before in {"_", "."} or after == ".":
        return False  # a part of a key or of a float
    digits = match.group().replace("_", "")
    if len(digits) > 80:  # more than 64 bits in any base, and more than int() should be asked to read
        return all(digit in "0123456789abcdefABCDEFxob" for digit in digits)
    try:
        number = int(digits, 0)
    except ValueError:
        return False
    return number > 2**63 - 1 and not (before == "-" and number == 2**63)
