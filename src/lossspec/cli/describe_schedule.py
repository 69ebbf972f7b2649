"""Words a schedule for people."""

from __future__ import annotations

import inspect

from lossspec import schedules


def describe_schedule(name: str) -> str | None:
    """Return the docstring of a schedule, or None if there is none."""
    found = schedules.find(name)
    if found is None:
        return None
    return f"{name}: {inspect.getdoc(found) or ''}"
