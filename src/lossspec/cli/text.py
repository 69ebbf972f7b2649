"""Text for the terminal: columns, errors, values in TOML, colour and width."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.errors import LossSpecError

_WIDEST = 28


def columns(rows: Mapping[str, list[str]]) -> Iterator[str]:
    r"""Yield two aligned columns, a line for each text of a row; empty texts are left out.

    >>> print("\n".join(columns({"beta = 1.0": ["where it ends", "number"], "p": [""]})))
      beta = 1.0  where it ends
                  number
      p
    """
    width = min(max(map(len, rows), default=0), _WIDEST)
    for head, texts in rows.items():
        first, *rest = [text for text in texts if text] or [""]
        yield f"  {head:<{width}}  {first}".rstrip()
        yield from (f"  {'':<{width}}  {text}" for text in rest)


def error_text(error: LossSpecError) -> str:
    """Return an error as it is printed; the diagnostics of a spec already begin with a severity.

    >>> from lossspec.errors import UnknownNameError
    >>> error_text(UnknownNameError("unknown loss `a`"))
    'error: unknown loss `a`'
    """
    text = str(error)
    return text[1:] if text.startswith("\n") else f"error: {text}"


def toml(value: object) -> str:
    """Return a value as TOML on one line.

    >>> toml({"type": "linear", "start": 0, "values": [1.0, True]})
    '{ type = "linear", start = 0, values = [1.0, true] }'
    """
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def is_colored() -> bool:
    """Return whether output goes to a terminal that shows colours, and ``NO_COLOR`` is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(widest: int) -> int:
    """Return the width of the terminal or ``COLUMNS`` in characters, else 80, and at most ``widest``."""
    return min(shutil.get_terminal_size((80, 24)).columns, widest)
