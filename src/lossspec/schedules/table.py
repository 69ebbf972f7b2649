"""Schedules from tables, the faults of tables, and the JSON Schema of each type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import NOTHING

from lossspec.names import nearest, unknown
from lossspec.schedules.base import Schedule, plain, table_fields
from lossspec.schedules.child import Child
from lossspec.schedules.families.constant import constant
from lossspec.schedules.fault import Path, ScheduleError, ScheduleFault, shown
from lossspec.schedules.kinds import Array, Kind, named
from lossspec.schedules.lookup import find, names, types

#: What takes the place of a schedule that can't be, so that what holds it is looked at all the same.
_STAND_IN = constant(value=0.0)


def from_table(table: Mapping[str, object]) -> Schedule:
    """Return the schedule that a table says; tables inside it become schedules inside it.

    Raises:
        ScheduleError: for every problem at once.

    >>> from_table({"type": "linear", "start": 0, "end": 10, "start_value": 1.0, "end_value": 0.0})(5)
    0.5
    """
    schedule, found = _read(table, ())
    if found:
        raise ScheduleError(found)
    return schedule


def faults(table: Mapping[str, object]) -> list[ScheduleFault]:
    """Return every problem of a table, each with the keys that lead to it.

    >>> [fault] = faults({"type": "linear", "start": 9, "end": 3, "start_value": 1.0, "end_value": 0.0})
    >>> fault.path, fault.code, fault.message
    (('end',), 'end-before-start', '`end` is 3, before `start`, which is 9')
    """
    return _read(table, ())[1]


def _read(table: object, path: Path) -> tuple[Schedule, list[ScheduleFault]]:
    """Return the schedule of a table, or one that stands for it with what is wrong."""
    if isinstance(table, Schedule):
        return table, []
    if not isinstance(table, Mapping):
        message = f"{named(path) if path else 'a schedule'} is {shown(table)}, not a table"
        return _STAND_IN, [ScheduleFault(path, message, "write a table with a `type`", "wrong-type")]
    name = table.get("type")
    cls = find(name) if isinstance(name, str) else None
    if cls is None:
        return _STAND_IN, [_no_type(table, path)]
    found = _keys(cls, table, path)
    values: dict[str, Any] = {}  # the constructor looks at them
    for attribute, kind in table_fields(cls):
        if attribute.name in table:
            values[attribute.name], inside = _value(kind, table[attribute.name], (*path, attribute.name))
            found += inside
    if any(
        attribute.default is NOTHING and attribute.name not in table for attribute, _ in table_fields(cls)
    ):
        return _STAND_IN, found
    try:
        schedule = cls(**values)
    except ScheduleError as error:
        return _STAND_IN, [*found, *(fault.under(path) for fault in error.faults)]
    return schedule, found


def _value(kind: Kind, value: object, path: Path) -> tuple[object, list[ScheduleFault]]:
    """Turn the tables of a value into schedules."""
    if isinstance(kind, Child):
        return _read(value, path)
    if isinstance(kind, Array) and isinstance(kind.items, Child) and isinstance(value, Sequence):
        read = [_read(each, (*path, index)) for index, each in enumerate(value)]
        return [schedule for schedule, _ in read], [fault for _, inside in read for fault in inside]
    return value, []


def _no_type(table: Mapping[str, object], path: Path) -> ScheduleFault:
    if "type" not in table:
        help_ = 'add `type`, such as `type = "linear"`'
        return ScheduleFault(path, "a schedule without a `type`", help_, "missing-key")
    name = table["type"]
    if not isinstance(name, str):
        return ScheduleFault((*path, "type"), f"`type` is {shown(name)}", "write a string", "wrong-type")
    message, _, help_ = unknown("schedule", name, names()).partition(": ")
    return ScheduleFault((*path, "type"), message, help_, "unknown-schedule")


def _keys(cls: type[Schedule], table: Mapping[str, object], path: Path) -> list[ScheduleFault]:
    """Return a fault for each key that the type doesn't have, and each that it needs."""
    known = {attribute.name: attribute for attribute, _ in table_fields(cls)}
    found = []
    for key in table:
        if key != "type" and key not in known:
            near = nearest(key, known)
            help_ = f"a key with a similar name exists: `{near}`" if near else f"known are {_list(known)}"
            message = f"unknown key `{key}` in a schedule of type `{cls.type_name}`"
            found.append(ScheduleFault((*path, key), message, help_, "unknown-key"))
    missing = [key for key, each in known.items() if each.default is NOTHING and key not in table]
    if missing:
        message = f"a schedule of type `{cls.type_name}` without {_list(missing)}"
        found.append(ScheduleFault(path, message, f"add {_list(missing)}", "missing-key"))
    return found


def _list(names: Mapping[str, object] | list[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)


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
