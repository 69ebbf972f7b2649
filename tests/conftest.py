"""What all tests share: hypothesis without deadlines, as machines are busy, and no trace of one another."""

from __future__ import annotations

import sys
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
def _as_before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget what a test registered and imported from its folder, or the next would find it."""
    tables = (losses.registered, schedules.REGISTERED)
    before = [dict(table) for table in tables]
    path = list(sys.path)
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)
    sys.path[:] = path
    folder = str(tmp_path_factory.getbasetemp())
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(folder):
            del sys.modules[name]
