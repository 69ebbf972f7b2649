"""Schedules of the user's own, under a name that a spec can say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import attrs

from lossspec.errors import RegistrationError
from lossspec.schedules.adapter import checked, owner
from lossspec.schedules.base import Function, Schedule
from lossspec.schedules.fault import ScheduleError, ScheduleFault
from lossspec.schedules.kinds import of_kind
from lossspec.schedules.lookup import REGISTERED, find
from lossspec.schedules.signature import Parameter, parameters

Target = TypeVar("Target", bound=Callable[..., Any])

_is_registered_name = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII).fullmatch


def register_schedule(name: str) -> Callable[[Target], Target]:
    """Register a function or a class as a schedule type, from its signature and docstring.

    A function takes t first; its other parameters are the fields. The parameters of a class's constructor
    are the fields, and its objects are called with t. Each field has an annotation (``float``, ``int``,
    ``bool``, ``str``, ``Literal[...]``, ``list[...]`` of one of these, ``Schedule``, or one of them
    ``| None``) and may have a default; its description is read from the docstring's ``Args:``.

    Args:
        name: what a spec's ``type`` says: ``<your package>.<name>``.

    Returns:
        A decorator that returns its target unchanged.

    Raises:
        RegistrationError: if the name is taken or has no dot, or if the signature can't be a table.

    >>> from lossspec import schedules
    >>> @schedules.register_schedule("mylib.ramp")
    ... def ramp(t: float, slope: float = 1.0) -> float:
    ...     '''A line through the origin.'''
    ...     return slope * t
    >>> schedules.from_table({"type": "mylib.ramp", "slope": 0.5, "maximum": 2.0})(3)
    1.5
    """

    def register(target: Target) -> Target:
        here = owner(target)
        taken = find(name)
        if taken is not None:
            raise RegistrationError(
                f"schedule `{name}` belongs to {taken.owner}, so {here} can't have it: choose another name"
            )
        if _is_registered_name(name) is None:
            raise RegistrationError(
                f"`{name}` can't name a schedule of yours, {here}: write `<your package>.<name>`, "
                "such as `mylib.ramp`"
            )
        REGISTERED[name] = _schedule_type(name, target, parameters(target, name))
        return target

    return register


def _schedule_type(name: str, target: Callable[..., Any], fields: Mapping[str, Parameter]) -> type[Schedule]:
    """Return a schedule class with these fields that calls ``target``."""

    def curve(self: Schedule) -> Function:
        bound = partial(target, **{key: getattr(self, key) for key in fields})
        if not inspect.isclass(target):
            return checked(bound, name)
        try:
            made = bound()
        except (TypeError, ValueError) as error:
            message = f"schedule `{name}` refused its fields: {error}"
            fault = ScheduleFault((), message, "give it others", "custom-schedule")
            raise ScheduleError([fault]) from error
        return checked(made, name)

    body = {
        "__doc__": inspect.getdoc(target),
        "__module__": target.__module__,
        "owner": owner(target),
        "curve": curve,
    }
    declared = {
        key: attrs.field(default=each.default, metadata=of_kind(each.kind)) for key, each in fields.items()
    }
    made: type[Schedule] = attrs.make_class(
        name, declared, bases=(Schedule,), class_body=body, frozen=True, kw_only=True, slots=True
    )
    return made
