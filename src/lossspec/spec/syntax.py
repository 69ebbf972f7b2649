"""Syntax errors: where a text is not TOML, and in words that say what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.spec.diagnostics import TextFault

if TYPE_CHECKING:
    from tomllib import TOMLDecodeError

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def syntax_faults(text: str, error: TOMLDecodeError) -> list[TextFault]:
    found = _PLACE.search(str(error))
    assert found
    if found[1]:
        at = 0
        for _ in range(int(found[1]) - 1):
            at = text.index("\n", at) + 1
        at += int(found[2]) - 1
    else:
        at = len(text)
    return [TextFault("syntax", str(error)[: found.start()], at, at + 1)]
