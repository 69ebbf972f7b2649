"""Finds schedule types by name: the built-in ones, and those registered in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from lossspec.schedules.base import Schedule

#: The built-in types, in the order of the documentation, and the module of each.
_FAMILIES = {
    "constant": "constant",
    "linear": "linear",
    "polynomial": "linear",
    "exponential": "exponential",
    "cosine": "cosine",
    "exponential_decay": "decay",
    "inverse_time": "decay",
    "inverse_sqrt": "decay",
    "step": "steps",
    "multistep": "steps",
    "piecewise_constant": "steps",
    "piecewise": "piecewise",
    "cosine_restarts": "restarts",
    "cyclical": "cyclical",
    "triangular": "waves",
    "sawtooth": "waves",
    "one_cycle": "phases",
    "warmup_stable_decay": "phases",
    "tanh": "sigmoid",
    "rampup": "sigmoid",
    "logistic": "sigmoid",
    "window": "window",
    "warmup": "compose",
    "join": "compose",
    "product": "compose",
}


class _BuiltIn(Mapping[str, type[Schedule]]):
    """The built-in types by name, each imported on access: attrs takes a millisecond to make a class."""

    def __getitem__(self, name: str) -> type[Schedule]:
        family = import_module(f"lossspec.schedules.families.{_FAMILIES[name]}")
        found: type[Schedule] = getattr(family, name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_FAMILIES)

    def __len__(self) -> int:
        return len(_FAMILIES)


#: The built-in types by name.
TYPES: Mapping[str, type[Schedule]] = _BuiltIn()

#: The types that ``register_schedule`` added.
REGISTERED: dict[str, type[Schedule]] = {}


def find(name: str) -> type[Schedule] | None:
    """Return the schedule type of this name, built in or registered, or None.

    >>> find("linear"), find("lineer")
    (<class 'lossspec.schedules.families.linear.linear'>, None)
    """
    return TYPES[name] if name in _FAMILIES else REGISTERED.get(name)


def names() -> list[str]:
    """Return the names of all types, the built-in ones first."""
    return [*_FAMILIES, *sorted(REGISTERED)]


def types() -> dict[str, type[Schedule]]:
    """Return all types by name, the built-in ones first."""
    return {**TYPES, **dict(sorted(REGISTERED.items()))}
