"""The fixed part of the JSON Schema: the keys of a spec, with their descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.text import expression, reference
from lossspec.names import NAME_PATTERN
from lossspec.wording import PLAIN_PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = dict[str, object]

#: The keys that a loss and a balance have whatever their type.
SHARED = {
    "loss": ("weight", "inputs", "objective", "tags", "at_zero", "lists", "every"),
    "balance": ("inputs", "losses"),
}
REFERENCE: Schema = {"$ref": "#/$defs/reference"}
_NUMBER: Schema = {"$ref": "#/$defs/number"}
_WEIGHT: Schema = {"$ref": "#/$defs/weight"}
_INPUTS: Schema = {"$ref": "#/$defs/inputs"}
_NAME: Schema = {"pattern": NAME_PATTERN}
_SCALAR: Schema = {"type": ["number", "boolean", "string"], "pattern": PLAIN_PATTERN}


def spec_schema() -> Schema:
    """Return the schema of a spec, without the definitions that it refers to."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://lossspec.org/schemas/lossspec.schema.json",
        "title": "lossspec, format 1",
        "description": "A training objective as data: a file NAME.loss.toml.",
        "x-tombi-toml-version": "v1.1.0",
        **_table(
            "",
            {
                "format": {"const": 1, "description": "The version of the spec language: 1."},
                "extends": {
                    "type": "string",
                    "pattern": reference.PATTERN,
                    "description": "The spec that this one extends: NAME or NAME+VARIANT, not a path.",
                },
                **_overlay(),
                "variants": _named(
                    "Overlays that a user picks by name, NAME+VARIANT. They apply in this order.",
                    {"$ref": "#/$defs/overlay"},
                ),
            },
            required=["format"],
        ),
    }


def definitions(
    losses: Sequence[Schema] = (), balancers: Sequence[Schema] = (), schedules: Sequence[Schema] = ()
) -> dict[str, Schema]:
    """Return the definitions of the fixed part, given references to the types of each kind."""
    return {
        "overlay": _table("What a variant changes in the spec.", _overlay()),
        **_typed(
            "loss",
            "A loss: one term of an objective. Without a type it changes an inherited one.",
            _shared(),
            losses,
        ),
        "objective": _table(
            "An objective: a total that the training loop computes.",
            {"weight": _WEIGHT, "balance": {"$ref": "#/$defs/balance"}},
        ),
        **_typed(
            "balance",
            "A balancer, which weighs some losses. Without a type it changes an inherited one.",
            _balance(),
            balancers,
        ),
        "weight": {
            "description": 'A number, a "${param}" or a schedule. Default: 1.',
            "oneOf": [{"type": "number"}, REFERENCE, *schedules],
        },
        "schedule": {
            "description": "A number that changes with the epoch or step.",
            "discriminator": {"propertyName": "type"},
            "oneOf": [*schedules],
        },
        "number": {
            "description": 'A number or a "${param}".',
            "oneOf": [{"type": "number"}, REFERENCE],
        },
        "reference": {
            "type": "string",
            "maxLength": expression.MAX_LENGTH,
            "pattern": expression.PATTERN,
            "description": 'A parameter, or arithmetic with + - * / and parentheses: "${(1 - lambda) / 2}".',
        },
        "param": {
            "description": "A default, or a table with a default and bounds.",
            "oneOf": [_SCALAR, {"$ref": "#/$defs/param.table"}],
        },
        "param.table": _table("A parameter with bounds or choices.", _param()),
        "inputs": {
            "description": "The tensors of the loss: in call order, or by the loss's own argument names.",
            "oneOf": [
                {"type": "array", "items": {"$ref": "#/$defs/input"}},
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/input"}},
            ],
        },
        "input": {
            "description": "The name of a tensor, or a number: a target as the loss takes it.",
            "oneOf": [
                {"type": "string", **_NAME},
                {"type": "number"},
                REFERENCE,
                {"$ref": "#/$defs/input.table"},
            ],
        },
        "input.table": _table(
            "A tensor, and whether it is detached.",
            {
                "name": _text("The name of the tensor.", **_NAME),
                "detach": {
                    "type": "boolean",
                    "default": False,
                    "description": "Detach the tensor, or each tensor of a list.",
                },
            },
            required=["name"],
        ),
    }


def _typed(kind: str, description: str, shared: Schema, types: Sequence[Schema]) -> dict[str, Schema]:
    """Return the schema of a table whose ``type`` picks its ``args``, and that of a change to one."""
    args: Schema = {
        "type": "object",
        "description": f"Arguments of the inherited {kind} to set.",
        "additionalProperties": True,
    }
    return {
        kind: {
            "type": "object",
            "description": description,
            "properties": shared,
            "additionalProperties": True,
            "discriminator": {"propertyName": "type"},
            "oneOf": [*types, {"$ref": f"#/$defs/{kind}.change"}],
        },
        f"{kind}.change": _table(
            f"A change to an inherited {kind}.", {"args": args, **dict.fromkeys(shared, True)}
        ),
    }


def _overlay() -> Schema:
    """Return the keys that specs and variants share."""
    return {
        "description": _text("A description for people."),
        "references": _list("Sources: papers and code.", _text("A URL.")),
        "remove": _list(
            'Dotted paths to remove from the inherited spec, such as "losses.G_L1".',
            _text("A dotted path."),
        ),
        "params": _named("Parameters that a user can set.", {"$ref": "#/$defs/param"}),
        "inputs": _named(
            "The tensors of the losses. If this table is present, losses cannot name other tensors.",
            _text("A description of the tensor: its shape and range."),
        ),
        "losses": _named("The losses by name, in the order of summation.", {"$ref": "#/$defs/loss"}),
        "objectives": _named("Objectives that have a weight or a balance.", {"$ref": "#/$defs/objective"}),
    }


def _shared() -> Schema:
    return {
        "weight": _WEIGHT,
        "inputs": _INPUTS,
        "objective": _text("The objective of the loss.", **_NAME),
        "tags": _list("Tags to query losses by; they do not change what is computed.", _text("A tag.")),
        "at_zero": {
            "enum": ["skip", "record", "compute"],
            "default": "skip",
            "description": "While the weight is 0: skip it, record without gradient, or compute times 0.",
        },
        "lists": {
            "description": "Apply it to each element of list inputs and combine: sum, mean or weights.",
            "oneOf": [
                {"enum": ["sum", "mean"]},
                {"type": "array", "items": _NUMBER, "minItems": 1},
            ],
        },
        "every": _table(
            "Lazy regularisation: computed once every so many steps, multiplied by gain.",
            {
                "steps": {
                    "description": "The number of steps between computations.",
                    "oneOf": [{"type": "integer", "minimum": 1}, REFERENCE],
                },
                "gain": _NUMBER,
            },
            required=["steps", "gain"],
        ),
    }


def _balance() -> Schema:
    return {
        "inputs": _INPUTS,
        "losses": _list(
            "The losses to balance: some or all of the objective.",
            _text("The name of a loss.", **_NAME),
        ),
    }


def _param() -> Schema:
    return {
        "default": {**_SCALAR, "description": "The value if the user sets none."},
        "minimum": {"type": "number", "description": "The lowest allowed value."},
        "maximum": {"type": "number", "description": "The highest allowed value."},
        "choices": {
            "type": "array",
            "items": _SCALAR,
            "minItems": 1,
            "description": "The allowed values.",
        },
        "description": _text("A description for people."),
    }


def _table(description: str, properties: Schema, required: Sequence[str] = ()) -> Schema:
    """Return the schema of a table with these keys and no others."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": properties,
        "additionalProperties": False,
        **({"required": [*required]} if required else {}),  # last: a misspelt key is not missing as well
    }


def _named(description: str, each: Schema) -> Schema:
    """Return the schema of a table whose keys are names of the user's choice."""
    return {
        "type": "object",
        "description": description,
        "propertyNames": _NAME,
        "additionalProperties": each,
    }


def _text(description: str, **more: object) -> Schema:
    return {"type": "string", **more, "description": description}


def _list(description: str, items: Schema) -> Schema:
    return {"type": "array", "items": items, "description": description}
