"""Words key paths, values and their types for messages, in the terms of TOML."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

from lossspec.names import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.faults import KeyPath

_KINDS = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a string",
    "boolean": "true or false",
    "array": "an array",
    "object": "a table",
}
#: The help for an expression that is not valid.
EXPRESSION_HELP = "`${...}` fills a whole value with parameters, numbers, `+ - * /` and parentheses"
#: Text without an expression, as a regular expression of JSON Schema: ``$`` is never before ``{``.
PLAIN_PATTERN = r"^(?:[^$]|\$+[^${])*\$*$"
_is_bare = re.compile(r"[A-Za-z0-9_-]+", re.ASCII).fullmatch


def dotted(path: KeyPath) -> str:
    """Write a key path as TOML does; positions in arrays in brackets.

    >>> dotted(("losses", "G L1", "inputs", 0))
    'losses."G L1".inputs[0]'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (shorten(part) if _is_bare(part) else _string(part))
    return text


def within(path: KeyPath) -> str:
    """Return the place of a key: " in `losses.G_L1`", or "" at the top level."""
    return f" in `{dotted(path)}`" if path else ""


def kind(value: object) -> str:
    """Return the kind of a TOML value, with its article.

    >>> kind(True), kind(1.0), kind([])
    ('a boolean', 'a number', 'an array')
    """
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, dt.date | dt.time):
        return "a date"
    for types, word in ((int | float, "number"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, types):
            return _KINDS[word]
    return f"a Python {type(value).__name__}"


def alternatives(kinds: Iterable[str]) -> str:
    """Join the kinds that a value can have: ``a number, a `${param}` or a schedule``."""
    words = list(dict.fromkeys(_KINDS.get(each, each) for each in kinds))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _string(text: str, limit: int = 40) -> str:
    """Write a string as TOML does, on one line, cut if it is long."""
    return json.dumps(shorten(text, limit), ensure_ascii=False)


def quote(value: object, limit: int = 40) -> str:
    """Write a value for a message: cut if it is long, and only its kind for a table or an array."""
    if isinstance(value, str):
        return f"`{_string(value, limit)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"`{shorten(repr(value))}`"
    return kind(value)
