"""A problem before it has a line and a column: its place is a key path, or a range of the text."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from attrs import frozen

#: How many problems of a file are shown; one with more is most likely not a spec.
MAX_PROBLEMS = 500
KeyPath = tuple[str | int, ...]
Severity = Literal["error", "warning"]


class Range(NamedTuple):
    """The place of a problem in text that is not a document yet: offsets; ``end`` is after the last one."""

    start: int
    end: int


@frozen
class Fault:
    """A problem in a document or its text, before it has a line and a column.

    Attributes:
        code: the stable word for this kind of problem, a key of ``codes.toml``.
        message: what was found, in lower case, without a full stop; it stands alone.
        path: the key path of the culprit in its document, array positions as integers; a ``Range`` in text
            that is not a document yet.
        at: whether the key or its value is wrong.
        help: what to do about it, or "".
        replacement: TOML text that fixes it if put in place of the key or value, or None.
        certain: whether ``lossspec validate --fix`` applies the replacement.
        related: other places of the same document that matter, each with a label.
        meant: the dotted key that was meant, where a replacement alone would not fix it.
    """

    code: str
    message: str
    path: KeyPath
    at: Literal["key", "value"] = "value"
    help: str = ""
    replacement: str | None = None
    certain: bool = False
    related: tuple[tuple[KeyPath, str], ...] = ()
    meant: str = ""


@frozen(order=True)
class Span:
    """A stretch of a file. Lines and columns count characters from 1; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


_NOTHING = object()


def get(table: object, path: KeyPath) -> object:
    """Return the value of a document at a key path, or a sentinel if there is none."""
    for part in path:
        is_key = isinstance(table, dict) and part in table
        is_index = isinstance(table, list) and isinstance(part, int) and part < len(table)
        if not is_key and not is_index:
            return _NOTHING
        table = cast("dict[str | int, object]", table)[part]
    return table


def has(table: object, path: KeyPath) -> bool:
    """Return whether a document has a value at a key path.

    >>> has({"a": [{"b": 1}]}, ("a", 0, "b")), has({"a": 1}, ("b",))
    (True, False)
    """
    return get(table, path) is not _NOTHING
