"""The rules of the schema about one value: choices, bounds, length, pattern, and the names of its keys."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, cast

from lossspec.names import NAME_PATTERN
from lossspec.spec import words
from lossspec.spec.diagnostics import Fault
from lossspec.spec.expression import HELP

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.spec.diagnostics import KeyPath


@cache
def _search(pattern: str) -> Callable[[str], object]:
    """Compile a pattern as JSON Schema means it: its ``$`` is the end, not a line end before it."""
    if pattern.endswith("$"):
        pattern = pattern[:-1] + r"\Z"
    return re.compile(pattern, re.ASCII).search


def bad_names(value: dict[str, object], argument: object, path: KeyPath) -> list[Fault]:
    """Return a fault for each key of a table that is no name."""
    matches = _search(cast("str", cast("dict[str, object]", argument)["pattern"]))
    return [
        Fault(
            "bad-name",
            f"`{words.dotted((key,))}`{words.within(path)} is no name: letters, digits and `_`, "
            "and no digit first",
            (*path, key),
            "key",
        )
        for key in value
        if not matches(key)
    ]


def missing_keys(value: dict[str, object], required: list[str], path: KeyPath) -> list[Fault]:
    """Return a fault for each key that a table must have and does not."""
    return [
        Fault("missing-key", f"the key `{key}` is missing{words.within(path)}", path, "key")
        for key in required
        if key not in value
    ]


def _const(value: object, argument: object, path: KeyPath) -> list[Fault]:
    if type(value) is type(argument) and value == argument:
        return []
    if path == ("format",):
        if value == str(argument):
            message = f"format {words.quote(value)} is a string: this version of lossspec reads format 1"
            return [
                Fault("unknown-format", message, path, "value", "write it without quotes", "1", certain=True)
            ]
        message = f"format {words.quote(value)} is unknown: this version of lossspec reads format 1"
        return [Fault("unknown-format", message, path, replacement="1")]
    return [words.not_a_choice(value, path, [argument])]


def _enum(value: object, argument: object, path: KeyPath) -> list[Fault]:
    choices = cast("list[object]", argument)
    if any(isinstance(each, bool) is isinstance(value, bool) and each == value for each in choices):
        return []
    return [words.not_a_choice(value, path, choices)]


def _bound(word: str, is_outside: Callable[[float, float], bool]) -> Callable[..., list[Fault]]:
    def rule(value: object, argument: float, path: KeyPath) -> list[Fault]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not is_outside(value, argument):
            return []
        message = f"`{words.dotted(path)}` is {words.quote(value)}: expected {word} {argument}"
        return [Fault("out-of-range", message, path)]

    return rule


def _length(word: str, is_outside: Callable[[int, int], bool]) -> Callable[..., list[Fault]]:
    def rule(value: object, argument: int, path: KeyPath) -> list[Fault]:
        if not isinstance(value, list) or not is_outside(len(value), argument):
            return []
        elements = "element" if argument == 1 else "elements"
        message = f"`{words.dotted(path)}` has {len(value)}: expected {word} {argument} {elements}"
        return [Fault("wrong-length", message, path)]

    return rule


def _pattern(value: object, argument: object, path: KeyPath) -> list[Fault]:
    if not isinstance(value, str) or _search(cast("str", argument))(value):
        return []
    if "${" in value:
        return [Fault("bad-expression", f"{words.quote(value)} is no expression", path, help=HELP)]
    if path == ("extends",):
        message = f"`extends` is {words.quote(value)}: expected NAME or NAME+VARIANT, never a path"
        return [Fault("bad-reference", message, path)]
    if argument == NAME_PATTERN:
        message = f"`{words.dotted(path)}` is {words.quote(value)}, which is no name: letters, digits and `_`"
        return [Fault("bad-name", message, path)]
    message = f"`{words.dotted(path)}` is {words.quote(value)}: expected to match `{argument}`"
    return [Fault("unknown-value", message, path)]


#: The rules by keyword: each takes the value, what the keyword says, and where the value stands.
RULES: dict[str, Callable[..., list[Fault]]] = {
    "const": _const,
    "enum": _enum,
    "minimum": _bound("at least", lambda value, bound: value < bound),
    "maximum": _bound("at most", lambda value, bound: value > bound),
    "exclusiveMinimum": _bound("more than", lambda value, bound: value <= bound),
    "exclusiveMaximum": _bound("less than", lambda value, bound: value >= bound),
    "minItems": _length("at least", lambda length, bound: length < bound),
    "maxItems": _length("at most", lambda length, bound: length > bound),
    "pattern": _pattern,
}
