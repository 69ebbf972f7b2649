"""Makes the JSON Schema of the language: one document for the validator and for editors.

Loss types come from the registry, schedules from ``schedules``, and the fixed part from ``keys``. The result
is in the common subset of draft-07 and 2020-12, and is shaped so that editors stay fast and exact: the shared
keys of a loss are outside the ``oneOf`` of its types, ``type`` and ``args`` only inside it.

>>> from lossspec.registry import types
>>> from lossspec.language.schema.generate import generate
>>> schema = generate(types("torch"))
>>> schema["$defs"]["loss.torch.L1Loss"]["properties"]["type"]["const"]
'torch.L1Loss'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from lossspec.language.schema.keys import SHARED, definitions, spec_schema
from lossspec.language.schema.parts import REFERENCE
from lossspec.schedules import json_schema as schedules_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.registry import Argument, LossType

Schema = dict[str, object]
Kind = Literal["loss", "balance"]
NONE: Mapping[str, LossType] = {}


def generate(types: Mapping[str, LossType], balancers: Mapping[str, LossType] = NONE) -> Schema:
    """Return the JSON Schema of specs whose losses are of these types, or of no type where they change one.

    Args:
        types: loss types by name, in the order in which editors offer them.
        balancers: balancers by name, in the same way.
    """
    losses = {f"loss.{name}": definition("loss", entry) for name, entry in types.items()}
    methods = {f"balance.{name}": definition("balance", entry) for name, entry in balancers.items()}
    fixed = definitions([*map(_ref, losses)], [*map(_ref, methods)], schedule_references())
    schedules = {f"schedule.{name}": _described(each, fixed) for name, each in schedules_schema().items()}
    return {**spec_schema(), "$defs": {**fixed, **schedules, **methods, **losses}}


def schedule_references() -> list[Schema]:
    """Return a reference to each schedule type."""
    return [_ref(f"schedule.{name}") for name in schedules_schema()]


def schedule_definition(name: str) -> Schema | None:
    """Return the schema of one schedule type, or None if the name is unknown."""
    found = schedules_schema().get(name)
    return None if found is None else _described(found, definitions())


def definition(kind: Kind, entry: LossType) -> Schema:
    """Return the schema of a loss or balance of one type: ``type`` and closed ``args``."""
    schedules = schedule_references()
    args: Schema = {
        "type": "object",
        "description": f"Arguments of {entry.name}.",
        "properties": {name: _argument(each, schedules) for name, each in entry.args.items()},
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": _text(entry),
        "properties": {
            "type": {"const": entry.name, "description": _text(entry)},
            "args": args,
            **dict.fromkeys(SHARED[kind], True),
        },
        "additionalProperties": False,
        "required": ["type"],
    }


def _text(entry: LossType) -> str:
    """Return what an editor shows for a type, with the address as text: servers make no links."""
    return "\n".join(
        part for part in (entry.summary, entry.formula, entry.note, entry.downloads, entry.reference) if part
    )


def _argument(argument: Argument, schedules: Sequence[Schema]) -> Schema:
    described: Schema = {"description": argument.description}
    if argument.default is not None:
        described["default"] = argument.default
    branches = _branches(argument.schema) + (list(schedules) if argument.live else [])
    return {**described, **branches[0]} if len(branches) == 1 else {**described, "oneOf": branches}


def _branches(schema: Mapping[str, object]) -> list[Schema]:
    """Return the schemas of a value: the catalogue's, and a ``${param}`` unless any string is allowed."""
    value = dict(schema)
    items = value.get("items")
    if isinstance(items, dict):
        inner = _branches(items)
        value["items"] = inner[0] if len(inner) == 1 else {"oneOf": inner}
    kinds = value.get("type", "string" if "enum" not in value else "")
    is_text = "string" in (kinds if isinstance(kinds, list) else [kinds])
    is_free_text = is_text and "enum" not in value and "pattern" not in value
    return [value] if is_free_text else [value, REFERENCE]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _described(schedule: Schema, fixed: Mapping[str, Schema]) -> Schema:
    """Give each property of a schedule its description: draft-07 ignores what is beside a ``$ref``."""
    properties = cast("Mapping[str, Schema]", schedule["properties"])
    return {**schedule, "properties": {name: _flat(each, fixed) for name, each in properties.items()}}


def _flat(schema: Schema, fixed: Mapping[str, Schema]) -> Schema:
    target = schema.get("$ref")
    if not isinstance(target, str):
        return schema
    return {**fixed[target.removeprefix("#/$defs/")], "description": schema["description"]}
