"""The parts that the JSON Schema is put together from: tables, named tables, texts, arrays, references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.names import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = dict[str, object]

#: A ``${}``, which may stand for a whole value.
REFERENCE: Schema = {"$ref": "#/$defs/reference"}
NUMBER: Schema = {"$ref": "#/$defs/number"}
NAME: Schema = {"pattern": NAME_PATTERN}


def table(description: str, properties: Schema, required: Sequence[str] = ()) -> Schema:
    """Return the schema of a table with these keys and no others."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": properties,
        "additionalProperties": False,
        **({"required": [*required]} if required else {}),  # last: a misspelt key is not missing as well
    }


def named(description: str, each: Schema) -> Schema:
    """Return the schema of a table whose keys are names of the user's choice."""
    return {
        "type": "object",
        "description": description,
        "propertyNames": NAME,
        "additionalProperties": each,
    }


def text(description: str, **more: object) -> Schema:
    """Return the schema of a string."""
    return {"type": "string", **more, "description": description}


def array(description: str, items: Schema) -> Schema:
    """Return the schema of an array of any length."""
    return {"type": "array", "items": items, "description": description}


def word(description: str, words: Sequence[str], **more: object) -> Schema:
    """Return the schema of one of some words, or a ``${}`` that gives one."""
    return {"description": description, **more, "oneOf": [{"enum": [*words]}, REFERENCE]}
