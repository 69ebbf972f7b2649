"""Text of descriptions: aligned columns, and values as TOML on one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
