"""The part of the JSON Schema that no registry changes: the keys of a spec, and what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.text import expression, reference
from lossspec.names import NAME_PATTERN

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


def frame(
    losses: Sequence[Schema], balancers: Sequence[Schema], schedules: Sequence[Schema]
) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a spec and its definitions, given references to the types of each kind."""
    return _spec(), _definitions(losses, balancers, schedules)


def _spec() -> Schema:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://lossspec.org/schemas/lossspec.schema.json",
        "title": "lossspec, format 1",
        "description": "A training objective as data: a file NAME.loss.toml.",
        "x-tombi-toml-version": "v1.1.0",
        **_table(
            "",
            {
                "format": {"const": 1, "description": "The version of the language: 1."},
                "extends": {
                    "type": "string",
                    "pattern": reference.PATTERN,
                    "description": "The spec that this one starts from: NAME or NAME+VARIANT, never a path.",
                },
                **_overlay(),
                "variants": _named(
                    "Overlays that a user picks by name, NAME+VARIANT; they apply in the order they stand.",
                    {"$ref": "#/$defs/overlay"},
                ),
            },
            required=["format"],
        ),
    }


def _definitions(
    losses: Sequence[Schema], balancers: Sequence[Schema], schedules: Sequence[Schema]
) -> dict[str, Schema]:
    return {
        "overlay": _table("What a variant changes in the spec.", _overlay()),
        **_typed(
            "loss",
            "A loss: one term of an objective. Without a type it changes an inherited one.",
            _shared(),
            losses,
        ),
        "objective": _table(
            "A total that the training loop asks for.",
            {"weight": _WEIGHT, "balance": {"$ref": "#/$defs/balance"}},
        ),
        **_typed(
            "balance",
            "A module that weighs the raw values of some losses. Without a type it changes an inherited one.",
            _balance(),
            balancers,
        ),
        "weight": {
            "description": 'A number, a "${param}", or a schedule. 1 if it is not given.',
            "oneOf": [{"type": "number"}, REFERENCE, *schedules],
        },
        "schedule": {
            "description": "A number that moves with the clock.",
            "discriminator": {"propertyName": "type"},
            "oneOf": [*schedules],
        },
        "number": {
            "description": 'A number or a "${param}".',
            "oneOf": [{"type": "number"}, REFERENCE],
        },
        "reference": {
            "type": "string",
            "pattern": expression.PATTERN,
            "description": 'A parameter, or parameters and numbers joined by * and /: "${lambda_A / 2}".',
        },
        "param": {
            "description": "A default, or a table with a default and bounds.",
            "oneOf": [{"type": ["number", "boolean", "string"]}, {"$ref": "#/$defs/param.table"}],
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
            "description": "The name of a tensor, or a number: a target shaped like the first tensor.",
            "oneOf": [
                {"type": "string", **_NAME},
                {"type": "number"},
                REFERENCE,
                {"$ref": "#/$defs/input.table"},
            ],
        },
        "input.table": _table(
            "A tensor and what is done to it.",
            {
                "name": _text("The name of the tensor.", **_NAME),
                "detach": {
                    "type": "boolean",
                    "default": False,
                    "description": "Cut it from its graph, through lists.",
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
    """Return the keys that a spec and a variant have in common."""
    return {
        "description": _text("What this is, for people."),
        "references": _list("Where it comes from: papers and code.", _text("An address.")),
        "remove": _list(
            'What is taken away before anything is laid over: "losses.G_L1".',
            _text("The dotted path of what goes."),
        ),
        "params": _named("What a user may turn.", {"$ref": "#/$defs/param"}),
        "inputs": _named(
            "The tensors that the objective consumes. Once given, no loss may name another.",
            _text("What the tensor is: its shape and range."),
        ),
        "losses": _named("The losses by name, in the order they are summed.", {"$ref": "#/$defs/loss"}),
        "objectives": _named("Totals with a weight or a balance.", {"$ref": "#/$defs/objective"}),
    }


def _shared() -> Schema:
    return {
        "weight": _WEIGHT,
        "inputs": _INPUTS,
        "objective": _text("The total that it belongs to.", **_NAME),
        "tags": _list("Words to query by; they change nothing.", _text("A tag.")),
        "at_zero": {
            "enum": ["skip", "record", "compute"],
            "default": "skip",
            "description": "While the weight is 0: skip, record without gradient, or compute times 0.",
        },
        "lists": {
            "description": "Apply it to each element of its list inputs and combine: sum, mean, or weights.",
            "oneOf": [
                {"enum": ["sum", "mean"]},
                {"type": "array", "items": _NUMBER, "minItems": 1},
            ],
        },
        "every": _table(
            "Lazy regularisation: computed when step % steps == 0, multiplied by gain.",
            {
                "steps": {
                    "description": "Every how many steps.",
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
            "The losses that it balances: some or all of the objective.",
            _text("The name of a loss.", **_NAME),
        ),
    }


def _param() -> Schema:
    scalar = ["number", "boolean", "string"]
    return {
        "default": {"type": scalar, "description": "Its value if the user gives none."},
        "minimum": {"type": "number", "description": "The least value allowed."},
        "maximum": {"type": "number", "description": "The greatest value allowed."},
        "choices": {
            "type": "array",
            "items": {"type": scalar},
            "minItems": 1,
            "description": "The only values allowed.",
        },
        "description": _text("What it turns, for people."),
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
    """Return the schema of a table whose keys are names that the user gives."""
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
