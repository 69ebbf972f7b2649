"""What all tests share: hypothesis without deadlines, as machines are busy, and no trace of one another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from lossspec.registry import lookup as losses
from lossspec.schedules import lookup as schedules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


@pytest.fixture
def chromium(tmp_path: Path) -> Callable[..., str]:
    """Run a real browser, Debian's or another build of Chromium, which sees no network but this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = os.environ.get("BROWSER_FOR_TESTS") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("these tests need a browser: apt-get install chromium")
    always = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path / 'profile'}",
    )

    def run(*words: str) -> str:
        done = subprocess.run(
            [found, *always, *words], capture_output=True, text=True, check=True, timeout=120
        )
        return done.stdout

    return run
