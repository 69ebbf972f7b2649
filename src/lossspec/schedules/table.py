"""Turns tables into schedules or faults, and schedule types into JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import NOTHING, evolve

from lossspec.faults import Fault
from lossspec.names import near_or_all, nearest, unknown
from lossspec.schedules.base import Child, Schedule, missing_fault, missing_fields, plain, table_fields
from lossspec.schedules.error import ScheduleError, must_be, shown
from lossspec.schedules.families.constant import constant
from lossspec.schedules.kinds import Array, Kind
from lossspec.schedules.lookup import find, names, types
from lossspec.wording import dotted

if TYPE_CHECKING:
    from lossspec.faults import KeyPath

#: Replaces an invalid schedule, so that the schedule around it is checked too.
_STAND_IN = constant(value=0.0)


def from_table(table: Mapping[str, object]) -> Schedule:
    """Return the schedule of a table; the tables inside it become schedules.

    Raises:
        ScheduleError: if the table is invalid; it has every problem.

    >>> from_table({"type": "linear", "start": 0, "end": 10, "start_value": 1.0, "end_value": 0.0})(5)
    0.5
    """
    schedule, found = _read(table, ())
    if found:
        raise ScheduleError(found)
    return schedule


def faults(table: Mapping[str, object]) -> list[Fault]:
    """Return every problem of a table, each with its path in the table.

    >>> [fault] = faults({"type": "linear", "start": 9, "end": 3, "start_value": 1.0, "end_value": 0.0})
    >>> fault.path, fault.code, fault.message
    (('end',), 'end-before-start', '`end` must be after `start` (9), got `3`')
    """
    return _read(table, ())[1]


def _read(table: object, path: KeyPath) -> tuple[Schedule, list[Fault]]:
    """Return the schedule of a table, or a replacement and the faults."""
    if isinstance(table, Schedule):
        return table, []
    if not isinstance(table, Mapping):
        message = f"{f'`{dotted(path)}`' if path else 'a schedule'} must be a table, got `{shown(table)}`"
        return _STAND_IN, [Fault("wrong-type", message, path, help="write a table with a `type`")]
    name = table.get("type")
    cls = find(name) if isinstance(name, str) else None
    if cls is None:
        return _STAND_IN, [_no_type(table, path)]
    found = _keys(cls, table, path)
    values: dict[str, Any] = {}  # the constructor checks them
    for attribute, kind in table_fields(cls):
        if attribute.name in table:
            values[attribute.name], inside = _value(kind, table[attribute.name], (*path, attribute.name))
            found += inside
    if missing_fields(cls, table):
        return _STAND_IN, found
    try:
        schedule = cls(**values)
    except ScheduleError as error:
        return _STAND_IN, [*found, *(evolve(each, path=(*path, *each.path)) for each in error.faults)]
    return schedule, found


def _value(kind: Kind, value: object, path: KeyPath) -> tuple[object, list[Fault]]:
    """Turn the tables of a value into schedules."""
    if isinstance(kind, Child):
        return _read(value, path)
    if isinstance(kind, Array) and isinstance(kind.items, Child) and isinstance(value, Sequence):
        read = [_read(each, (*path, index)) for index, each in enumerate(value)]
        return [schedule for schedule, _ in read], [fault for _, inside in read for fault in inside]
    return value, []


def _no_type(table: Mapping[str, object], path: KeyPath) -> Fault:
    if "type" not in table:
        help_ = 'add `type`, such as `type = "linear"`'
        return Fault("missing-key", "key `type` is missing in a schedule", path, help=help_)
    name = table["type"]
    if not isinstance(name, str):
        return must_be("a string", name, (*path, "type"), "wrong-type")
    message, _, help_ = unknown("schedule", name, names()).partition(": ")
    return Fault("unknown-schedule", message, (*path, "type"), help=help_)


def _keys(cls: type[Schedule], table: Mapping[str, object], path: KeyPath) -> list[Fault]:
    """Return a fault for each unknown key, and one for the missing keys."""
    known = {attribute.name: attribute for attribute, _ in table_fields(cls)}
    found = []
    for key in table:
        if key != "type" and key not in known:
            help_ = near_or_all("a key", nearest(key, known), known)
            message = f"unknown key `{key}` in a schedule of type `{cls.type_name}`"
            found.append(Fault("unknown-key", message, (*path, key), help=help_))
    if missing := missing_fields(cls, table):
        found.append(evolve(missing_fault(cls, missing), path=path))
    return found


def json_schema() -> dict[str, dict[str, object]]:
    """Return the JSON Schemas of the schedule types by name, for ``$defs``.

    They refer to three other definitions: ``number`` (a number or a ``"${...}"``), ``reference``
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
    alternatives = [
        {"anyOf": [{"required": [name]}, {"required": [*others]}]} for name, others in cls.stands_for.items()
    ]
    return {
        "description": summary(cls),
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": required,
        **({"allOf": alternatives} if alternatives else {}),
    }


def summary(cls: type[Schedule]) -> str:
    """Return the first line of a type's docstring, without the full stop."""
    first, *_ = (cls.__doc__ or cls.type_name).strip().splitlines()
    return first.removesuffix(".")
