"""Words a schedule for people."""

from __future__ import annotations

import inspect

from lossspec import schedules


def describe_schedule(name: str) -> str | None:
    """Return what a schedule says of itself, without the markup of its formula, or None if there is none."""
    found = schedules.find(name)
    if found is None:
        return None
    text = inspect.getdoc(found) or ""
    return f"{name}: {text.replace('.. math:: ', '')}"
