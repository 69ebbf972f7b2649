"""Cuts from a catalogue's text what is not asked for, before it is parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER = re.compile(r"^\[(?:types|balancers)\.(?P<name>\w+)(?:\.(?P<inner>\w+)[^]]*)?\]", re.MULTILINE)


def excerpt(text: str, keep: Callable[[str, str], bool]) -> str:
    r"""Return a catalogue without the tables that ``keep`` refuses, told their type and the key within it.

    Parsing costs more than cutting, so what is not needed is cut before it is parsed. This is for the
    catalogues that come with lossspec, which give each table of a type a header of its own.

    >>> text = "library = 'a'\n[types.X]\nsummary = '1'\n[types.X.args]\n[types.Y]\nsummary = '2'\n"
    >>> print(excerpt(text, lambda name, inner: name == "X" and inner != "args"))
    library = 'a'
    [types.X]
    summary = '1'
    <BLANKLINE>
    """
    headers = list(_HEADER.finditer(text))
    if not headers:
        return text
    ends = [each.start() for each in headers[1:]] + [len(text)]
    kept = [
        text[each.start() : end]
        for each, end in zip(headers, ends, strict=True)
        if keep(each["name"], each["inner"] or "")
    ]
    return text[: headers[0].start()] + "".join(kept)
