"""Which schedule types there are: those built in, and those registered in this process."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lossspec.schedules.compose import join, product, warmup
from lossspec.schedules.constant import constant
from lossspec.schedules.linear import linear, polynomial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.schedules.base import Schedule

#: The built-in types by name.
TYPES: Mapping[str, type[Schedule]] = MappingProxyType(
    {
        cls.__name__: cls
        for cls in (
            constant,
            linear,
            polynomial,
            warmup,
            join,
            product,
        )
    }
)

#: What ``register_schedule`` added.
REGISTERED: dict[str, type[Schedule]] = {}


def find(name: str) -> type[Schedule] | None:
    """Return the schedule type of this name, built in or registered, or None.

    >>> find("linear").__name__, find("lineer") is None
    ('linear', True)
    """
    return TYPES.get(name) or REGISTERED.get(name)


def types() -> dict[str, type[Schedule]]:
    """Return all schedule types by name, those built in first."""
    return {**TYPES, **dict(sorted(REGISTERED.items()))}
