"""Turns the errors of ``jsonschema`` into faults: code, message, place and fix."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve

from lossspec.faults import Fault
from lossspec.names import NAME_PATTERN, NAMES_HELP, expected, is_name, listed, shorten
from lossspec.validation import messages
from lossspec.validation.keywords import alternatives
from lossspec.validation.unknown_keys import unknown_key
from lossspec.wording import EXPRESSION_HELP, PLAIN_PATTERN, dotted, quote, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.faults import KeyPath

#: How a tensor is written where a word is expected and its name may be meant, by the end of the path.
_TENSORS = {
    ("reduce", "by"): ("a tensor is written", '{ name = "%s" }'),
    ("reduce",): ("weights are written", '{ weights = "%s" }'),
}
#: The keys of a table that needs them unless it changes an inherited one, by its own key.
_NEEDED = {"balance": ("type", "losses")}
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
        return Fault("not-finite", f"`{dotted(path)}` must be a finite number, got {value}", path)
    needed = error.schema.get("required") or _NEEDED.get(str(path[-1]) if path else "", ())
    if path[-2:-1] == ("losses",):
        needed = ("type", "inputs")
    return messages.wrong_type(value, path, kinds, needed)


def _unknown_key(error: Error, path: KeyPath) -> Fault:
    *table, key = path
    properties: Mapping[str, Any] = error.schema.get("properties", {})
    # a loss without a type, which is checked as a change to one, may have misspelt just that
    is_change = "args" in properties and "type" not in properties
    known = ["type", *properties] if is_change else [*properties]
    args = properties.get("args")
    arguments: Sequence[str] = list(args.get("properties", ())) if isinstance(args, dict) else ()
    has_args = "args" in error.instance
    fault = unknown_key(str(key), tuple(table), known, arguments, has_args=has_args)
    is_taken = fault.replacement is not None and fault.replacement.partition(".")[0] in error.instance
    return evolve(fault, certain=False) if is_taken else fault  # a key twice is a syntax error


def _missing_key(_error: Error, path: KeyPath) -> Fault:
    *table, key = path
    where = tuple(table)
    return Fault("missing-key", f"key `{key}` is missing{within(where)}", where, "key")


def _missing_alternative(error: Error, path: KeyPath) -> Fault:
    fault, key = _missing_key(error, path), path[-1]
    first, last = next((first, last) for first, last in alternatives(error) if key in last)
    return evolve(fault, help=f"{listed(first)} can stand for {listed(last)}")


def _bad_key(_error: Error, path: KeyPath) -> Fault:
    *table, key = path
    return Fault(
        "bad-name", f"`{dotted((key,))}`{within(tuple(table))} is not a valid name: {NAMES_HELP}", path, "key"
    )


def _const(error: Error, path: KeyPath) -> Fault:
    value, argument = error.instance, error.validator_value
    if path != ("format",):
        return messages.not_a_choice(value, path, [argument])
    if value == str(argument):
        message = (
            f"`format` must be `1`, got the string {quote(value)}: this version of lossspec reads format 1"
        )
        return Fault("unknown-format", message, path, "value", "write it without quotes", "1", certain=True)
    message = f"unknown format {quote(value)}: this version of lossspec reads format 1"
    return Fault("unknown-format", message, path, replacement="1")


def _enum(error: Error, path: KeyPath) -> Fault:
    found = messages.not_a_choice(error.instance, path, error.validator_value)
    for place, (words, form) in _TENSORS.items():
        if path[-len(place) :] == place and not found.help and is_name(str(error.instance)):
            meant = form % shorten(error.instance)
            return evolve(found, help=f"{words} `{meant}`", replacement=meant)
    return found


def _no_keys(error: Error, path: KeyPath) -> Fault:
    message = f"`{dotted(path)}` must have at least {error.validator_value} key, got an empty table"
    return Fault("wrong-length", message, path, help=expected(error.schema["properties"]))


def _bound(word: str) -> Callable[[Error, KeyPath], Fault]:
    def worded(error: Error, path: KeyPath) -> Fault:
        message = f"`{dotted(path)}` must be {word} {error.validator_value}, got {quote(error.instance)}"
        return Fault("out-of-range", message, path)

    return worded


def _length(word: str) -> Callable[[Error, KeyPath], Fault]:
    def worded(error: Error, path: KeyPath) -> Fault:
        count = error.validator_value
        elements = "element" if count == 1 else "elements"
        message = f"`{dotted(path)}` must have {word} {count} {elements}, got {len(error.instance)}"
        return Fault("wrong-length", message, path)

    return worded


def _pattern(error: Error, path: KeyPath) -> Fault:
    value, argument = error.instance, error.validator_value
    if argument == PLAIN_PATTERN:
        return messages.not_plain(value, path)
    if "${" in value:
        message, whole = f"{quote(value)} is not a valid expression", _one_expression(value, argument)
        if whole is None:
            return Fault("bad-expression", message, path, help=EXPRESSION_HELP)
        help_ = f"`${{...}}` fills a whole value: write `{whole}`"
        return Fault("bad-expression", message, path, help=help_, replacement=whole)
    if path == ("extends",):
        message = f"`extends` must be NAME or NAME+VARIANT, not a path, got {quote(value)}"
        return Fault("bad-reference", message, path)
    if argument == NAME_PATTERN:
        message = f"`{dotted(path)}` must be a name, got {quote(value)}: {NAMES_HELP}"
        return Fault("bad-name", message, path)
    message = f"`{dotted(path)}` must match `{argument}`, got {quote(value)}"
    return Fault("unknown-value", message, path)


def _one_expression(value: str, pattern: str) -> str | None:
    r"""Return what a value with arithmetic around its expressions is as one expression, or None.

    >>> _one_expression("1 - ${a} * ${b + 1}", r"^\$\{[^${}]*\}$")
    '"${1 - a * (b + 1)}"'
    """
    if re.search(r"\w\$\{|\}\w|\}\s*\$\{", value):  # a part of a name, or of a text
        return None
    operands = re.sub(r"\$\{([^${}]*)\}", lambda found: _operand(found[1].strip()), value)
    whole = f"${{{operands.strip()}}}"
    return f'"{whole}"' if operands != value and re.search(pattern, whole) else None


def _operand(expression: str) -> str:
    return expression if re.fullmatch(r"[\w.]+", expression) else f"({expression})"


def _too_long(error: Error, path: KeyPath) -> Fault:
    most, value = error.validator_value, error.instance
    message = f"`{dotted(path)}` must have at most {most} characters, got {len(value)}"
    code = "bad-expression" if "${" in value else "wrong-length"
    return Fault(code, message, path)


_FAULTS: dict[str, Callable[[Error, KeyPath], Fault]] = {
    "type": _type,
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "allOf": _missing_alternative,
    "propertyNames": _bad_key,
    "const": _const,
    "enum": _enum,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "minProperties": _no_keys,
    "minItems": _length("at least"),
    "maxItems": _length("at most"),
    "pattern": _pattern,
    "maxLength": _too_long,
}
#: The keywords that a schema of ours may use, besides references and choices.
UNDERSTOOD = frozenset(_FAULTS)
