"""Values that Python code gives, as TOML would have them: schedules as tables, tuples as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from lossspec.schedules import Schedule


def as_table(values: Mapping[str, object]) -> dict[str, object]:
    """Return a mapping as a table.

    >>> as_table({"inputs": ("y_fake", "y")})
    {'inputs': ['y_fake', 'y']}
    """
    return cast("dict[str, object]", as_toml(values))


def as_toml(value: object) -> object:
    """Return a value as TOML would have it; what TOML has nothing for is left as it is."""
    if isinstance(value, Schedule):
        return as_toml(value.to_table())
    if isinstance(value, Mapping):
        return {str(key): as_toml(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_toml(each) for each in value]
    if isinstance(value, str):  # an enum may be one
        return str.__str__(value)
    return float(value) if isinstance(value, float) else value  # as a float64 of NumPy is
