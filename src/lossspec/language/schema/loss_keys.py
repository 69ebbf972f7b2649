"""The part of the JSON Schema about a loss: the keys that it has whatever its type, and its inputs."""

from __future__ import annotations

from lossspec.language.schema.parts import NAME, NUMBER, REFERENCE, Schema, array, table, text, word
from lossspec.language.text import selection

WEIGHT: Schema = {"$ref": "#/$defs/weight"}
INPUTS: Schema = {"$ref": "#/$defs/inputs"}
_SELECTION: Schema = {"type": "string", "pattern": selection.PATTERN}
_INPUT_TABLE: Schema = {"$ref": "#/$defs/input.table"}
_ABOVE_0: Schema = {"type": "number", "exclusiveMinimum": 0}


def loss_keys() -> Schema:
    """Return the keys of a loss besides ``type`` and ``args``."""
    return {
        "weight": WEIGHT,
        "inputs": INPUTS,
        "objective": text("The objective of the loss.", **NAME),
        "tags": array("Tags to query losses by; they do not change what is computed.", text("A tag.")),
        "at_zero": {
            "enum": ["skip", "record", "compute"],
            "default": "skip",
            "description": "While the weight is 0: skip it, record without gradient, or compute times 0.",
        },
        "lists": {
            "description": (
                "Apply it to each element of list inputs and combine: sum, mean, min, max, weights, "
                "or a table with decay or pairs."
            ),
            "oneOf": [
                {"enum": ["sum", "mean", "min", "max"]},
                {"type": "array", "items": NUMBER, "minItems": 1},
                REFERENCE,
                {"$ref": "#/$defs/lists.table"},
            ],
        },
        "every": table(
            "Lazy regularisation: computed once every so many steps, multiplied by gain.",
            {
                "steps": {
                    "description": "The number of steps between computations.",
                    "oneOf": [{"type": "integer", "minimum": 1}, REFERENCE],
                },
                "gain": NUMBER,
            },
            required=["steps", "gain"],
        ),
        "reduce": {
            "description": (
                "Make one number of the elements that the loss returns with its own reduction off: mean, "
                "sum, batch (the sum of each item, mean over items), or a table with weights and by. Unlike "
                'torch\'s own mean, "mean" counts ignored items and ignores class weights in the divisor.'
            ),
            "oneOf": [
                {"enum": ["mean", "sum", "batch"]},
                REFERENCE,
                {"$ref": "#/$defs/reduce.table"},
            ],
        },
        "if_missing": word(
            "In a call where one of its tensors is absent or None: raise an error, or skip the loss.",
            ("error", "skip"),
            default="error",
        ),
    }


def loss_definitions() -> dict[str, Schema]:
    """Return the definitions that the keys of losses refer to."""
    return {
        "inputs": {
            "description": "The tensors of the loss: in call order, or by the loss's own argument names.",
            "oneOf": [
                {"type": "array", "items": {"$ref": "#/$defs/input"}},
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/input"}},
            ],
        },
        "input": {
            "description": (
                "A tensor: its name, or what of it: [-1], [:-1], [*] for each, .key. "
                "Or a number: a target as the loss takes it."
            ),
            "oneOf": [_SELECTION, {"type": "number"}, REFERENCE, _INPUT_TABLE],
        },
        "input.table": table(
            "A tensor, and whether it is detached.",
            {
                "name": {
                    **_SELECTION,
                    "description": "The name of the tensor, or what of it: [-1], [:-1], [*] for each, .key.",
                },
                "detach": {
                    "type": "boolean",
                    "default": False,
                    "description": "Detach the tensor, or each tensor of a list.",
                },
            },
            required=["name"],
        ),
        "lists.table": table(
            "How the loss treats list inputs, and combines the results.",
            {
                "combine": word("What is done with the results.", ("sum", "mean", "min", "max")),
                "decay": {
                    "description": "Element i of n weighs decay^(n-1-i), the last 1; with sum or mean.",
                    "oneOf": [_ABOVE_0, REFERENCE],
                },
                "pairs": word(
                    "Take every pair of two lists, or only those of different positions.",
                    ("all", "different"),
                ),
                "of": word(
                    "Combine results, or the elements of the loss one by one, before reduce.",
                    ("results", "elements"),
                    default="results",
                ),
            },
            required=["combine"],
        ),
        "reduce.table": {
            **table(
                "The sum of weights times elements, divided by something. At least one key.",
                {
                    "weights": {
                        "description": (
                            "The weights of the elements: a tensor shaped like their leading dimensions, or "
                            "1 there. Where a weight is 0, the element does not count, not even NaN."
                        ),
                        "oneOf": [_SELECTION, REFERENCE, _INPUT_TABLE],
                    },
                    "by": {
                        "description": (
                            "What the sum is divided by: the number of elements, the sum of the weights, the "
                            "number of items, a number, or a tensor { name = ..., minimum = 1 }."
                        ),
                        "default": "elements",
                        "oneOf": [
                            {"enum": ["elements", "weights", "batch"]},
                            _ABOVE_0,
                            REFERENCE,
                            {"$ref": "#/$defs/divisor"},
                        ],
                    },
                },
            ),
            "minProperties": 1,
        },
        "divisor": table(
            "A number or one-element tensor of the call, which divides the sum.",
            {
                "name": {
                    **_SELECTION,
                    "description": "The name of the tensor, or what of it: [-1], .key.",
                },
                "minimum": {
                    "description": "The least that is divided by.",
                    "oneOf": [_ABOVE_0, REFERENCE],
                },
            },
            required=["name"],
        ),
    }
