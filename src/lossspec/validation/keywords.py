"""JSON Schema keywords that replace ``jsonschema``'s own, which are wrong for TOML or give one error too few.

``jsonschema`` calls each as ``keyword(validator, argument, value, schema)``. The errors that they yield name
one key each, so that each has a place in the file. All other keywords are ``jsonschema``'s own.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from lossspec.validation.invalid import INVALID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Schema = dict[str, Any]

#: TOML's types: 1.0 is not an integer, and NaN and infinity are not numbers.
TYPE_CHECKER = Draft7Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: type(value) is int,
        "number": lambda _, value: type(value) is int or (type(value) is float and math.isfinite(value)),
    }
)


def has_type(validator: Any, value: object, schema: Schema) -> bool:
    """Return whether a value has the ``type`` of its schema."""
    expected = schema.get("type")
    if expected is None:
        return True
    kinds = [expected] if isinstance(expected, str) else expected
    return any(validator.is_type(value, each) for each in kinds)


def type_(validator: Any, _argument: object, value: object, schema: Schema) -> Iterator[ValidationError]:
    """Check ``type``; ``INVALID`` has every type."""
    if value is not INVALID and not has_type(validator, value, schema):
        yield ValidationError("wrong type")


def properties(
    validator: Any, argument: Mapping[str, Schema | bool], value: object, _schema: Schema
) -> Iterator[ValidationError]:
    """Check each key of a table in the order of the document, not in that of the schema."""
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(inner := argument.get(key), dict):
                yield from validator.descend(each, inner, path=key, schema_path=key)


def additional_properties(
    validator: Any, argument: Schema | bool, value: object, schema: Schema
) -> Iterator[ValidationError]:
    """Check the keys that ``properties`` does not name; each one that is not allowed is an error."""
    if not isinstance(value, dict) or argument is True:
        return
    known = schema.get("properties", {})
    for key, each in value.items():
        if key in known:
            continue
        if isinstance(argument, dict):
            yield from validator.descend(each, argument, path=key)
        else:
            yield ValidationError("unknown key", path=[key])


def required(
    _validator: Any, argument: list[str], value: object, _schema: Schema
) -> Iterator[ValidationError]:
    """Check that a table has the keys it needs; each one that is missing is an error."""
    if isinstance(value, dict):
        for key in argument:
            if key not in value:
                yield ValidationError("missing key", path=[key])


def all_of(
    _validator: Any, argument: list[Schema], value: object, _schema: Schema
) -> Iterator[ValidationError]:
    """Check that a table has the keys of one alternative; those that the last one lacks are missing."""
    if isinstance(value, dict):
        for each in argument:
            alternatives = [alternative["required"] for alternative in each["anyOf"]]
            if not any(value.keys() >= {*keys} for keys in alternatives):
                for key in alternatives[-1]:
                    if key not in value:
                        yield ValidationError("missing key", path=[key])


def alternatives(error: Any) -> list[tuple[list[str], list[str]]]:
    """Return the first and the last alternative of each rule of an error of ``all_of``."""
    found = [[alternative["required"] for alternative in each["anyOf"]] for each in error.validator_value]
    return [(each[0], each[-1]) for each in found]


def property_names(
    _validator: Any, argument: Schema, value: object, _schema: Schema
) -> Iterator[ValidationError]:
    """Check that each key of a table is a name."""
    if isinstance(value, dict):
        matches = _search(argument["pattern"])
        for key in value:
            if not matches(key):
                yield ValidationError("bad name", path=[key])


def const(_validator: Any, argument: object, value: object, _schema: Schema) -> Iterator[ValidationError]:
    """Check ``const``: ``1`` is neither ``true`` nor ``1.0``."""
    if value is not INVALID and not (type(value) is type(argument) and value == argument):
        yield ValidationError("not the constant")


def enum(validator: Any, argument: list[object], value: object, schema: Schema) -> Iterator[ValidationError]:
    """Check ``enum``, unless the ``type`` is wrong already."""
    if value is INVALID or not has_type(validator, value, schema):
        return
    if not any(isinstance(each, bool) is isinstance(value, bool) and each == value for each in argument):
        yield ValidationError("not a choice")


def pattern(_validator: Any, argument: str, value: object, schema: Schema) -> Iterator[ValidationError]:
    """Check ``pattern`` as JSON Schema means it: ``$`` is the end, not a line end before it.

    Text that is too long is not checked: it has an error already.
    """
    if not isinstance(value, str) or len(value) > schema.get("maxLength", math.inf):
        return
    if not _search(argument)(value):
        yield ValidationError("no match")


@cache
def _search(text: str) -> Callable[[str], object]:
    if text.endswith("$"):
        text = text[:-1] + r"\Z"
    return re.compile(text, re.ASCII).search


#: What replaces ``jsonschema``'s own keyword of that name.
KEYWORDS = {
    "type": type_,
    "properties": properties,
    "additionalProperties": additional_properties,
    "required": required,
    "allOf": all_of,
    "propertyNames": property_names,
    "const": const,
    "enum": enum,
    "pattern": pattern,
}
