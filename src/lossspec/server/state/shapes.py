r"""Walks the JSON Schema of the language beside a document: what may stand at a key path.

>>> from lossspec.server.state.document import Document
>>> document = Document.of('format = 1\nlosses.a.type = "torch.SmoothL1Loss"\n')
>>> sorted(keys_at(document, ("losses", "a", "args")))
['beta', 'reduction']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lossspec.language.schema import generate
from lossspec.language.schema.committed import validator
from lossspec.language.text.limits import MAX_LEVELS
from lossspec.registry import find, find_balancer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.faults import KeyPath
    from lossspec.server.state.document import Document

Schema = dict[str, object]
_DEFINITIONS = "#/$defs/"
_TYPE = {
    "loss": "The type of the loss: LIBRARY.Class.",
    "balance": "The type of the balancer: LIBRARY.Class.",
    "schedule": "The type of the schedule.",
}


def schemas_at(document: Document, path: KeyPath, types: Mapping[KeyPath, str]) -> list[Schema]:
    """Return the schemas that the value at a path may satisfy, with references followed.

    Args:
        document: the document; the ``type`` of a table picks its schema.
        path: the path.
        types: types that the document does not have yet, by the path of their table.
    """
    if len(path) > 2 * MAX_LEVELS:  # no document is that deep, and each part costs as many as are before it
        return []
    found = [*_branches(validator().schema, None)]
    for index, part in enumerate(path):
        here = path[: index + 1]
        tag = types.get(here) or document.type_of(here)
        inner = [each for schema in found for each in _step(schema, part)]
        found = [each for schema in inner for each in _branches(schema, tag)]
    return found


def keys_at(
    document: Document, path: KeyPath, types: Mapping[KeyPath, str] | None = None
) -> dict[str, Schema]:
    """Return the keys that the table at a path may have, each with its schema."""
    found: dict[str, Schema] = {}
    for schema in schemas_at(document, path, types or {}):
        for key, inner in cast("Schema", schema.get("properties", {})).items():
            if isinstance(inner, dict):
                found.setdefault(key, inner)
    return found


def _step(schema: Schema, part: str | int) -> Iterator[Schema]:
    """Yield the schema of an item or a key."""
    properties = cast("Schema", schema.get("properties", {}))
    name = "items" if isinstance(part, int) else "additionalProperties"
    inner = properties.get(part) if part in properties else schema.get(name)
    if isinstance(inner, dict):
        yield inner


def _branches(schema: Schema, tag: str | None) -> Iterator[Schema]:
    """Yield a schema and every alternative in it, of tagged ones the one whose tag it is."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        found = _definition(reference.removeprefix(_DEFINITIONS))
        if found is not None:
            yield from _branches(found, tag)
        return
    yield schema
    kinds: dict[str, None] = {}
    for each in cast("list[Schema]", schema.get("oneOf") or schema.get("anyOf") or []):
        name = str(each.get("$ref", "")).removeprefix(_DEFINITIONS)
        kind = name.partition(".")[0]
        if kind in _TYPE and not name.endswith(".change"):
            kinds[kind] = None
        else:
            yield from _branches(each, tag)
    for kind in kinds:
        found = _definition(f"{kind}.{tag}") if tag else None
        yield found or {"properties": {"type": {"description": _TYPE[kind]}}}


def _definition(name: str) -> Schema | None:
    """Return a definition: a committed one, or that of a type registered here or installed."""
    found = cast("dict[str, Schema]", validator().schema["$defs"]).get(name)
    kind, _, tag = name.partition(".")
    if found is not None or not tag:
        return found
    if kind == "schedule":
        return generate.schedule_definition(tag)
    entry = find(tag) if kind == "loss" else find_balancer(tag) if kind == "balance" else None
    return generate.definition("loss" if kind == "loss" else "balance", entry) if entry else None


def description(schema: Schema) -> str:
    """Return the description of a schema, or of what it refers to."""
    return next((str(each["description"]) for each in _branches(schema, None) if "description" in each), "")


def is_table(schema: Schema) -> bool:
    """Say whether a value of a schema may be a table."""
    return any(each.get("type") == "object" or "properties" in each for each in _branches(schema, None))
