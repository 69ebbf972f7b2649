"""The fixed part of the JSON Schema: the keys of a spec, with their descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.schema.loss_keys import INPUTS, WEIGHT, loss_definitions, loss_keys
from lossspec.language.schema.parts import NAME, REFERENCE, Schema, array, named, table, text
from lossspec.language.text import reference
from lossspec.validation import expression
from lossspec.wording import PLAIN_PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The keys that a loss and a balance have whatever their type.
SHARED = {
    "loss": (
        *("weight", "inputs", "objective", "tags", "at_zero", "lists", "every"),
        *("reduce", "if_missing"),
    ),
    "balance": ("inputs", "losses"),
}
_SCALAR: Schema = {"type": ["number", "boolean", "string"], "pattern": PLAIN_PATTERN}


def spec_schema() -> Schema:
    """Return the schema of a spec, without the definitions that it refers to."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://lossspec.readthedocs.io/en/latest/schemas/lossspec.schema.json",
        "title": "lossspec, format 1",
        "description": "A training objective as data: a file NAME.loss.toml.",
        "x-tombi-toml-version": "v1.1.0",
        **table(
            "",
            {
                "format": {"const": 1, "description": "The version of the spec language: 1."},
                "extends": {
                    "type": "string",
                    "pattern": reference.PATTERN,
                    "description": "The spec that this one extends: NAME or NAME+VARIANT, not a path.",
                },
                **_overlay(),
                "variants": named(
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
        "overlay": table("What a variant changes in the spec.", _overlay()),
        **_typed(
            "loss",
            "A loss: one term of an objective. Without a type it changes an inherited one.",
            loss_keys(),
            losses,
        ),
        "objective": table(
            "An objective: a total that the training loop computes.",
            {"weight": WEIGHT, "balance": {"$ref": "#/$defs/balance"}},
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
        "param.table": table("A parameter with bounds or choices.", _param()),
        **loss_definitions(),
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
        f"{kind}.change": table(
            f"A change to an inherited {kind}.", {"args": args, **dict.fromkeys(shared, True)}
        ),
    }


def _overlay() -> Schema:
    """Return the keys that specs and variants share."""
    return {
        "description": text("A description for people."),
        "references": array("Sources: papers and code.", text("A URL.")),
        "remove": array(
            'Dotted paths to remove from the inherited spec, such as "losses.G_L1".',
            text("A dotted path."),
        ),
        "params": named("Parameters that a user can set.", {"$ref": "#/$defs/param"}),
        "inputs": named(
            "The tensors of the losses. If this table is present, losses cannot name other tensors.",
            text("A description of the tensor: its shape and range."),
        ),
        "losses": named("The losses by name, in the order of summation.", {"$ref": "#/$defs/loss"}),
        "objectives": named("Objectives that have a weight or a balance.", {"$ref": "#/$defs/objective"}),
    }


def _balance() -> Schema:
    return {
        "inputs": INPUTS,
        "losses": array(
            "The losses to balance: some or all of the objective.",
            text("The name of a loss.", **NAME),
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
        "description": text("A description for people."),
    }
