"""What all tests share: hypothesis without deadlines, as machines are busy, and registries of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from lossspec.registry import lookup as losses
from lossspec.schedules import lookup as schedules

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("lossspec", deadline=None)
settings.load_profile("lossspec")


@pytest.fixture(autouse=True)
def _registries() -> Iterator[None]:
    """Forget what a test registered, or the next would find it."""
    tables = (losses.registered, schedules.REGISTERED)
    before = [dict(table) for table in tables]
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)
