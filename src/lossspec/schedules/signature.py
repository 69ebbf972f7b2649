"""The fields of a registered schedule, from a signature and a docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from attrs import NOTHING, fields, frozen

from lossspec.errors import RegistrationError
from lossspec.schedules.adapter import owner
from lossspec.schedules.base import Schedule
from lossspec.schedules.child import Child
from lossspec.schedules.fault import ScheduleError
from lossspec.schedules.kinds import Array, Flag, Kind, Number, Text

_RESERVED = {"type", *(attribute.name for attribute in fields(Schedule))}
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@frozen
class Parameter:
    """One field: what it holds, and its default, or ``attrs.NOTHING``."""

    kind: Kind
    default: object


def parameters(target: Callable[..., Any], name: str) -> dict[str, Parameter]:
    """Return the fields of a function of t, or of a class whose objects are.

    Raises:
        RegistrationError: if they can't be a table.
    """
    try:
        texts = _descriptions(inspect.getdoc(target) or "")
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
        return {each.name: _parameter(each, hints, texts) for each in _signature(target)}
    except (
        NameError,
        TypeError,
    ) as error:  # NameError: an annotation that is imported for type checkers only
        raise RegistrationError(f"{owner(target)} can't be the schedule `{name}`: {error}") from error


def _signature(target: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of the constructor of a class, or those of a function after t."""
    found = list(inspect.signature(target).parameters.values())
    if inspect.isclass(target):
        if any("__call__" in vars(cls) for cls in target.__mro__):
            return found
        raise TypeError("its objects can't be called: give it a `__call__(self, t)`")
    if found and found[0].kind in _BY_POSITION:
        return found[1:]
    raise TypeError("its first parameter must be t")


def _parameter(parameter: inspect.Parameter, hints: dict[str, object], texts: dict[str, str]) -> Parameter:
    name, default = parameter.name, parameter.default
    if parameter.kind not in _BY_NAME:
        raise TypeError(f"`{parameter}` has no name that a table could use: write out the parameters")
    if name in _RESERVED or name.startswith("_"):
        raise TypeError(f"the parameter `{name}` has a name that is taken: rename it")
    if name not in hints:
        raise TypeError(
            f"the parameter `{name}` has no annotation: say what it holds, such as `{name}: float`"
        )
    kind = _kind(hints[name], texts.get(name, f"the argument `{name}`"), name)
    if default is parameter.empty:
        return Parameter(kind, NOTHING)
    if default is None:
        return Parameter(kind, None)
    try:
        return Parameter(kind, kind.take(default, (name,)))
    except ScheduleError as error:
        raise TypeError(f"the default of {error}") from None


def _kind(hint: object, description: str, name: str) -> Kind:
    """Return the kind of field that an annotation means."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        inner = [each for each in args if each is not NoneType]
        if len(inner) == 1:
            return _kind(inner[0], description, name)
    if origin is Literal and all(isinstance(each, str) for each in args):
        return Text(description, args)
    if origin in (list, Sequence) or (origin is tuple and args[1:] == (...,)):
        return Array(description, _kind(args[0], description, name))
    if inspect.isclass(hint):
        if issubclass(hint, Schedule):
            return Child(description)
        if hint in _PLAIN:
            return _PLAIN[hint](description)
    known = "float, int, bool, str, Literal, list or Schedule"
    raise TypeError(f"the parameter `{name}` is a {hint!r}, which no table holds: annotate it as {known}")


_PLAIN: dict[type, Callable[[str], Kind]] = {
    bool: Flag,
    float: Number,
    int: lambda description: Number(description, whole=True),
    str: Text,
}


def _descriptions(docstring: str) -> dict[str, str]:
    """Return the first line of each parameter in the docstring's ``Args:``."""
    _, _, section = docstring.partition("Args:\n")
    return dict(re.findall(r"^\s+(\w+)(?: \([^)]*\))?: (.*?)\.?$", section, re.MULTILINE))
