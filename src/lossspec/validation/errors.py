"""Turns an error of ``jsonschema`` into a fault: its code, its words, its place and its fix."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from lossspec.faults import Fault
from lossspec.names import NAME_PATTERN
from lossspec.validation import messages
from lossspec.wording import EXPRESSION_HELP, dotted, quote, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.faults import KeyPath

#: A ``jsonschema.ValidationError``, whose attributes its types call possibly unset.
Error: TypeAlias = Any


def fault(error: Error, path: KeyPath) -> Fault:
    """Return the fault for an error of any keyword but ``oneOf``.

    Args:
        error: what ``jsonschema`` found.
        path: where in the document; for a key that is unknown, missing or badly named, that key.
    """
    return _FAULTS[str(error.validator)](error, path)


def _type(error: Error, path: KeyPath) -> Fault:
    value, expected = error.instance, error.validator_value
    kinds = [expected] if isinstance(expected, str) else expected
    if "number" in kinds and isinstance(value, float) and not math.isfinite(value):
        return Fault("not-finite", f"`{dotted(path)}` is {value}: expected a finite number", path)
    return messages.wrong_type(value, path, kinds)


def _unknown_key(error: Error, path: KeyPath) -> Fault:
    *table, key = path
    properties: Mapping[str, Any] = error.schema.get("properties", {})
    # a loss without a type, which is checked as a change to one, may have misspelt just that
    is_change = "args" in properties and "type" not in properties
    known = ["type", *properties] if is_change else [*properties]
    args = properties.get("args")
    arguments: Sequence[str] = list(args.get("properties", ())) if isinstance(args, dict) else ()
    has_args = "args" in error.instance
    return messages.unknown_key(str(key), tuple(table), known, arguments, has_args=has_args)


def _missing_key(_error: Error, path: KeyPath) -> Fault:
    *table, key = path
    where = tuple(table)
    return Fault("missing-key", f"the key `{key}` is missing{within(where)}", where, "key")


def _bad_key(_error: Error, path: KeyPath) -> Fault:
    *table, key = path
    message = (
        f"`{dotted((key,))}`{within(tuple(table))} is no name: letters, digits and `_`, and no digit first"
    )
    return Fault("bad-name", message, path, "key")


def _const(error: Error, path: KeyPath) -> Fault:
    value, argument = error.instance, error.validator_value
    if path != ("format",):
        return messages.not_a_choice(value, path, [argument])
    if value == str(argument):
        message = f"format {quote(value)} is a string: this version of lossspec reads format 1"
        return Fault("unknown-format", message, path, "value", "write it without quotes", "1", certain=True)
    message = f"format {quote(value)} is unknown: this version of lossspec reads format 1"
    return Fault("unknown-format", message, path, replacement="1")


def _enum(error: Error, path: KeyPath) -> Fault:
    return messages.not_a_choice(error.instance, path, error.validator_value)


def _bound(word: str) -> Callable[[Error, KeyPath], Fault]:
    def worded(error: Error, path: KeyPath) -> Fault:
        value = quote(error.instance)
        message = f"`{dotted(path)}` is {value}: expected {word} {error.validator_value}"
        return Fault("out-of-range", message, path)

    return worded


def _length(word: str) -> Callable[[Error, KeyPath], Fault]:
    def worded(error: Error, path: KeyPath) -> Fault:
        count = error.validator_value
        elements = "element" if count == 1 else "elements"
        message = f"`{dotted(path)}` has {len(error.instance)}: expected {word} {count} {elements}"
        return Fault("wrong-length", message, path)

    return worded


def _pattern(error: Error, path: KeyPath) -> Fault:
    value, argument = error.instance, error.validator_value
    if "${" in value:
        return Fault("bad-expression", f"{quote(value)} is no expression", path, help=EXPRESSION_HELP)
    if path == ("extends",):
        message = f"`extends` is {quote(value)}: expected NAME or NAME+VARIANT, never a path"
        return Fault("bad-reference", message, path)
    if argument == NAME_PATTERN:
        message = f"`{dotted(path)}` is {quote(value)}, which is no name: letters, digits and `_`"
        return Fault("bad-name", message, path)
    message = f"`{dotted(path)}` is {quote(value)}: expected to match `{argument}`"
    return Fault("unknown-value", message, path)


_FAULTS: dict[str, Callable[[Error, KeyPath], Fault]] = {
    "type": _type,
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "propertyNames": _bad_key,
    "const": _const,
    "enum": _enum,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "minItems": _length("at least"),
    "maxItems": _length("at most"),
    "pattern": _pattern,
}
#: The keywords that a schema of ours may use, besides references and choices.
UNDERSTOOD = frozenset(_FAULTS)
