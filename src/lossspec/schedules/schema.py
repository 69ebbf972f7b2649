"""The JSON Schema of each schedule type, from the fields that it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import NOTHING

from lossspec.schedules.base import plain, table_fields
from lossspec.schedules.lookup import types

if TYPE_CHECKING:
    from lossspec.schedules.base import Schedule


def json_schema() -> dict[str, dict[str, object]]:
    """Return one JSON Schema per schedule type, by name, for ``$defs``.

    They refer to three neighbours in ``$defs``: ``number`` (a number or a ``"${...}"``), ``reference``
    (a ``"${...}"``), and ``schedule`` (any of the types).

    >>> json_schema()["constant"]["required"]
    ['type', 'value']
    """
    return {name: _of(cls) for name, cls in types().items()}


def _of(cls: type[Schedule]) -> dict[str, object]:
    properties: dict[str, object] = {"type": {"description": summary(cls), "const": cls.type_name}}
    required = ["type"]
    for attribute, kind in table_fields(cls):
        described = {"description": kind.description, **kind.schema()}
        if attribute.default is NOTHING:
            required.append(attribute.name)
        elif attribute.default is not None:
            described["default"] = plain(attribute.default)
        properties[attribute.name] = described
    return {
        "description": summary(cls),
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": required,
    }


def summary(cls: type[Schedule]) -> str:
    """Return the first line of a type's docstring, without the full stop."""
    first, *_ = (cls.__doc__ or cls.type_name).strip().splitlines()
    return first.removesuffix(".")
