"""Parameters: what a user may turn, each with a default and, if it has them, bounds or choices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.names import near_or_all, nearest, shorten
from lossspec.validation.messages import not_a_choice
from lossspec.validation.reported import FAULTY
from lossspec.wording import kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def values(params: object) -> dict[str, object]:
    """Return the value of each parameter of a ``[params]`` table: itself, or its ``default``.

    >>> values({"a": 1.0, "b": {"default": "x", "choices": ["x", "y"]}})
    {'a': 1.0, 'b': 'x'}
    """
    if not isinstance(params, dict):
        return {}
    return {
        name: param.get("default", FAULTY) if isinstance(param, dict) else param
        for name, param in params.items()
    }


def lay(params: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """Return the ``[params]`` overlay that sets the caller's values: those of known parameters.

    >>> lay({"a": {"default": 1.0, "minimum": 0.0}}, {"a": 2.0, "b": 3.0})
    {'a': 2.0}
    """
    return {name: value for name, value in given.items() if name in params}


def unknown_params(params: Mapping[str, object], given: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault for each value that the caller gives to no parameter."""
    for name in given:
        if name in params:
            continue
        found = nearest(name, params)
        yield Fault(
            "unknown-param",
            f"unknown parameter `{shorten(name)}`",
            ("params", name),
            at="key",
            help=near_or_all("a parameter", found, params),
            replacement=found,
        )


def of_other_kinds(params: Mapping[str, object], given: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault for each value that the caller gives to a parameter of another kind.

    >>> [each.message for each in of_other_kinds({"a": 1.0}, {"a": "x"})]
    ['the parameter `a` is a number: a string is given']
    """
    known = values(params)
    for name, value in given.items():
        if name in known and known[name] is not FAULTY and kind(value) != kind(known[name]):
            message = f"the parameter `{name}` is {kind(known[name])}: {kind(value)} is given"
            yield Fault("wrong-type", message, ("params", name))
        elif isinstance(value, float) and not math.isfinite(value):
            yield Fault("not-finite", f"the parameter `{name}` can't be {value}", ("params", name))


def param_faults(params: object) -> Iterator[Fault]:
    """Yield what is wrong with the values of a ``[params]`` table whose shape the schema has checked."""
    if not isinstance(params, dict):
        return
    for name, param in params.items():
        if isinstance(param, dict):
            yield from _bounds(name, param)


def _bounds(name: str, param: Mapping[str, object]) -> Iterator[Fault]:
    path = ("params", name)
    if "default" not in param:
        yield Fault("missing-key", f"`params.{name}` has no `default`", path, at="key")
        return
    value, choices = param["default"], param.get("choices")
    if value is FAULTY:
        return
    at = (*path, "default")
    if isinstance(choices, list) and not any(_same(value, choice) for choice in choices):
        yield not_a_choice(value, at, choices)
    low, high = _number(param.get("minimum")), _number(param.get("maximum"))
    if low is None and high is None:
        return
    number = _number(value)
    if number is None:
        message = f"`params.{name}` has bounds, but its value is {kind(value)}"
        yield Fault("wrong-type", message, at)
    elif low is not None and high is not None and low > high:
        message = f"`minimum` of `params.{name}` is {low}, above its `maximum` {high}"
        yield Fault("out-of-range", message, (*path, "minimum"))
    elif low is not None and number < low:
        yield Fault("out-of-range", f"`params.{name}` is {number}, below its `minimum` {low}", at)
    elif high is not None and number > high:
        yield Fault("out-of-range", f"`params.{name}` is {number}, above its `maximum` {high}", at)


def _number(value: object) -> float | None:
    """Return a value if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _same(value: object, choice: object) -> bool:
    """Compare as TOML does: true is not 1, but 1 is 1.0."""
    return isinstance(value, bool) is isinstance(choice, bool) and value == choice
