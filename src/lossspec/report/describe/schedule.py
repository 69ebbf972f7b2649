"""The text of ``lossspec describe`` for a schedule type: what it does and its fields."""

from __future__ import annotations

import inspect

from lossspec import schedules


def describe_schedule(name: str) -> str | None:
    """Return the text for a schedule type, or None if there is none of that name.

    >>> str(describe_schedule("constant")).splitlines()[0]
    'constant: The same value at every t.'
    """
    found = schedules.find(name)
    return f"{name}: {inspect.getdoc(found) or ''}" if found else None
