"""The decorator that registers a user's own schedule, described by its signature and docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import attrs

from lossspec.errors import RegistrationError
from lossspec.faults import Fault
from lossspec.schedules.adapter import checked, owner
from lossspec.schedules.base import Child, Function, Schedule
from lossspec.schedules.error import ScheduleError
from lossspec.schedules.kinds import Array, Flag, Kind, Number, Text, of_kind
from lossspec.schedules.lookup import REGISTERED, find
from lossspec.signatures import (
    Schema,
    is_path,
    is_tensor,
    json_schema,
    not_called,
    parameters,
    read_docstring,
)

Target = TypeVar("Target", bound=Callable[..., Any])

_RESERVED = {"type", *(attribute.name for attribute in attrs.fields(Schedule))}
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_SCHEDULE: Schema = {"$ref": "schedule"}
_is_registered_name = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII).fullmatch


def register_schedule(name: str) -> Callable[[Target], Target]:
    """Register a function or a class as a schedule type, from its signature and docstring.

    A function takes t first; its other parameters are the fields. The parameters of a class's constructor
    are the fields, and its objects are called with t. Each field has an annotation (``float``, ``int``,
    ``bool``, ``str``, ``Literal[...]``, ``list[...]`` of one of these, ``Schedule``, or one of them
    ``| None``) and optionally a default. Descriptions come from a docstring in Google, NumPy or reST style.

    Args:
        name: ``<your package>.<name>``, the ``type`` in a spec.

    Returns:
        A decorator that returns its target unchanged.

    Raises:
        RegistrationError: if the name is malformed or taken, or if a parameter cannot be a field.

    >>> from lossspec import schedules
    >>> @schedules.register_schedule("mylib.ramp")
    ... def ramp(t: float, slope: float = 1.0) -> float:
    ...     '''A line through the origin.'''
    ...     return slope * t
    >>> schedules.from_table({"type": "mylib.ramp", "slope": 0.5, "maximum": 2.0})(3)
    1.5
    """
    if wrong := not_called("register_schedule", name, "mylib.ramp"):
        raise RegistrationError(wrong)

    def register(target: Target) -> Target:
        here, taken = owner(target), find(name)
        if taken is not None and taken.owner != here:
            raise RegistrationError(
                f"schedule `{name}` is already registered by {taken.owner}: {here} must use another name"
            )
        if _is_registered_name(name) is None:
            raise RegistrationError(
                f"`{name}` is not a valid name for the schedule {here}: it must have the form "
                "`<your package>.<name>`, such as `mylib.ramp`"
            )
        try:
            REGISTERED[name] = _schedule_type(name, target, _fields(target))
        except RegistrationError as error:
            raise RegistrationError(f"{here} cannot be registered as schedule `{name}`: {error}") from None
        return target

    return register


def _schedule_type(name: str, target: Callable[..., Any], declared: dict[str, Any]) -> type[Schedule]:
    """Return a schedule class with these fields that calls ``target``."""

    def curve(self: Schedule) -> Function:
        bound = partial(target, **{key: getattr(self, key) for key in declared})
        if not inspect.isclass(target):
            return checked(bound, name)
        try:
            made = bound()
        except (TypeError, ValueError) as error:
            message = f"schedule `{name}` refused its fields: {error}"
            raise ScheduleError(
                [Fault("custom-schedule", message, (), help="change their values")]
            ) from error
        return checked(made, name)

    def reduce(self: Schedule) -> tuple[Callable[..., Schedule], tuple[object, ...]]:
        return _remade, (name, self._arguments())

    body = {
        "__doc__": inspect.getdoc(target),
        "__module__": target.__module__,
        "owner": owner(target),
        "curve": curve,
        "__reduce__": reduce,
    }
    made: type[Schedule] = attrs.make_class(
        name, declared, bases=(Schedule,), class_body=body, frozen=True, kw_only=True, slots=True
    )
    return made


def _remade(name: str, arguments: dict[str, Any]) -> Schedule:
    """Return an unpickled schedule of a registered type."""
    return REGISTERED[name](**arguments)


def _fields(target: Callable[..., Any]) -> dict[str, Any]:
    """Return the attrs fields for a function of t, or for a class whose objects are called with t."""
    found = parameters(target)
    if inspect.isclass(target):
        if not any("__call__" in vars(cls) for cls in target.__mro__):
            raise RegistrationError("its objects are not callable: give it a `__call__(self, t)`")
    elif found and found[0].kind in _BY_POSITION:
        del found[0]
    else:
        raise RegistrationError("its first parameter must be t")
    described = read_docstring(inspect.getdoc(target))[1]
    return {each.name: _field(each, described) for each in found}


def _field(parameter: inspect.Parameter, described: dict[str, str]) -> Any:
    name, default = parameter.name, parameter.default
    if parameter.kind not in _BY_NAME:
        raise RegistrationError(f"`{parameter}` is not a single field: write out the parameters")
    if name in _RESERVED or name.startswith("_"):
        raise RegistrationError(f"parameter `{name}` has a reserved name: rename it")
    if parameter.annotation is parameter.empty:
        raise RegistrationError(f"parameter `{name}` must be annotated, such as `{name}: float`")
    kind = _kind(parameter.annotation, described.get(name, f"the argument `{name}`").removesuffix("."))
    if kind is None:
        raise RegistrationError(
            f"parameter `{name}` cannot be written in a table: annotate it as "
            f"float, int, bool, str, Literal, list or Schedule, got {parameter.annotation!r}"
        )
    if default is parameter.empty:
        default = attrs.NOTHING
    elif default is not None:
        try:
            default = kind.take(default, (name,))
        except ScheduleError as error:
            raise RegistrationError(f"the default of {error}") from None
    return attrs.field(default=default, metadata=of_kind(kind))


def _kind(annotation: object, description: str) -> Kind | None:
    """Return the kind of field for an annotation, or None if there is none."""
    if is_path(annotation) or is_tensor(annotation):
        return None
    return _kind_of_schema(json_schema(annotation, {Schedule: _SCHEDULE}) or {}, description)


def _kind_of_schema(schema: Schema, description: str) -> Kind | None:
    kind: Kind | None = None
    match schema:
        case {"$ref": _}:
            kind = Child(description)
        case {"type": "array", "items": dict(items)} if inner := _kind_of_schema(items, description):
            kind = Array(description, inner)
        case {"type": "string", "enum": list(options)}:
            kind = Text(description, tuple(options))
        case {"type": "string"}:
            kind = Text(description)
        case {"type": "boolean"}:
            kind = Flag(description)
        case {"type": "number" | "integer"} if "enum" not in schema:
            kind = Number(description, whole=schema["type"] == "integer")
    return kind
