"""Checks parameters: their values, the values that a caller gives, bounds and choices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.names import near_or_all, nearest, shorten
from lossspec.validation.invalid import INVALID
from lossspec.validation.messages import not_a_choice, not_plain
from lossspec.wording import kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_IN_OVERLAY = "change a value of the spec with an overlay: on the command line `--set {}=...`"


def values(params: object) -> dict[str, object]:
    """Return the value of each parameter of a ``[params]`` table: itself, or its ``default``.

    >>> values({"a": 1.0, "b": {"default": "x", "choices": ["x", "y"]}})
    {'a': 1.0, 'b': 'x'}
    """
    if not isinstance(params, dict):
        return {}
    return {
        name: param.get("default", INVALID) if isinstance(param, dict) else param
        for name, param in params.items()
    }


def given_faults(params: Mapping[str, object], given: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what is wrong with the caller's values: unknown names, other kinds, infinite numbers.

    >>> [each.message for each in given_faults({"a": 1.0}, {"a": "x", "b": 2.0})]
    ['parameter `a` must be a number, got a string', 'unknown parameter `b`']
    """
    known = values(params)
    for name, value in given.items():
        path = ("params", name)
        if name not in params:
            found = nearest(name, params)
            is_path = "." in name
            help_ = _IN_OVERLAY.format(name) if is_path else near_or_all("a parameter", found, params)
            yield Fault(
                "unknown-param", f"unknown parameter `{shorten(name)}`", path, "key", help_, replacement=found
            )
        elif known[name] is not INVALID and kind(value) != kind(known[name]):
            message = f"parameter `{name}` must be {kind(known[name])}, got {kind(value)}"
            yield Fault("wrong-type", message, path)
        elif isinstance(value, float) and not math.isfinite(value):
            yield Fault("not-finite", f"parameter `{name}` must be finite, got {value}", path)


def param_faults(params: object) -> Iterator[Fault]:
    """Yield what is wrong with the values of a ``[params]`` table; its shape is checked by the schema."""
    if not isinstance(params, dict):
        return
    for name, param in params.items():
        value = param.get("default") if isinstance(param, dict) else param
        if isinstance(value, str) and "${" in value:  # a caller's: a document's is a fault of the schema
            path = ("params", name, "default") if isinstance(param, dict) else ("params", name)
            yield not_plain(value, path)
        elif isinstance(param, dict):
            yield from _bounds(name, param)


def _bounds(name: str, param: Mapping[str, object]) -> Iterator[Fault]:
    path = ("params", name)
    if "default" not in param:
        yield Fault("missing-key", f"key `default` is missing in `params.{name}`", path, at="key")
        return
    value, choices = param["default"], param.get("choices")
    if value is INVALID:
        return
    at = (*path, "default")
    if isinstance(choices, list) and not any(_same(value, choice) for choice in choices):
        yield not_a_choice(value, at, choices)
    low, high = _number(param.get("minimum")), _number(param.get("maximum"))
    if low is None and high is None:
        return
    number = _number(value)
    if number is None:
        message = f"`params.{name}` must be a number, since it has bounds, got {kind(value)}"
        yield Fault("wrong-type", message, at)
    elif low is not None and high is not None and low > high:
        message = f"`minimum` of `params.{name}` must be at most its `maximum`, {high}, got {low}"
        yield Fault("out-of-range", message, (*path, "minimum"))
    elif low is not None and number < low:
        yield Fault(
            "out-of-range", f"`params.{name}` must be at least its `minimum`, {low}, got {number}", at
        )
    elif high is not None and number > high:
        yield Fault(
            "out-of-range", f"`params.{name}` must be at most its `maximum`, {high}, got {number}", at
        )


def _number(value: object) -> float | None:
    """Return a value if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _same(value: object, choice: object) -> bool:
    """Compare as TOML does: true is not 1, but 1 is 1.0."""
    return isinstance(value, bool) is isinstance(choice, bool) and value == choice
