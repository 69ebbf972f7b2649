"""What all tests share: the budgets of properties, no trace of one another, and a browser.

Unit tests, and the examples in docstrings, run in one process, or in a few that share them out (``-n``).
"""

from __future__ import annotations

import cProfile
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from lossspec.registry import lookup as losses
from lossspec.schedules import lookup as schedules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# How many examples of each property: `--hypothesis-profile NAME` picks one of these. A test that needs more
# than others takes a multiple, `@settings(max_examples=2 * settings().max_examples)`.
# No deadlines, as machines are busy. What runs before each commit is the same every time.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=10)
settings.register_profile("test", deadline=None, derandomize=True, max_examples=30)
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=int(os.environ.get("LOSSSPEC_EXAMPLES", "2000")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("test")


def pytest_configure() -> None:
    """Give torch one thread: with all cores for each of several workers, they would wait for one another."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch reads it when it is imported, which comes later


def pytest_report_header(config: pytest.Config) -> str:
    """Say how many examples of each property are tried, and how to try them again."""
    seed = config.getoption("--hypothesis-seed")
    again = "the same ones every time" if settings().derandomize else f"seed {seed}"
    return f"properties: {settings().max_examples} examples of each, {again}"


#: What a test is marked for asking for a fixture.
MARKS = {
    "chromium": ["browser"],
    "programs": ["network", "slow"],
    "site": ["slow"],
    "check": ["slow"],  # builds, runs, compiles and exports a shipped spec
    "twin": ["slow"],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they ask for."""
    for item in items:
        for fixture in MARKS.keys() & getattr(item, "fixturenames", ()):
            for mark in MARKS[fixture]:
                item.add_marker(mark)


@contextmanager
def _as_before(folder: str) -> Iterator[None]:
    """Forget what is registered, compiled, and imported from a folder within a block."""
    tables = (losses.registered, schedules.REGISTERED)
    before = [dict(table) for table in tables]
    path, modules = list(sys.path), set(sys.modules)
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)
    sys.path[:] = path
    for name in sys.modules.keys() - modules:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(folder):
            del sys.modules[name]
    if "torch._dynamo" in sys.modules:
        _forget_graphs()


def _forget_graphs() -> None:
    """Forget compiled objectives: while there is one, all others keep their weights where a graph looks."""
    import torch

    from lossspec.manager.objective.graphs import compiled_graphs

    if compiled_graphs.exist:
        torch._dynamo.reset()
        compiled_graphs.exist = False


@pytest.fixture(scope="module", autouse=True)
def _module_leaves_no_trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As the next one, for what fixtures of a whole module do."""
    with _as_before(str(tmp_path_factory.getbasetemp())):
        yield


@pytest.fixture(autouse=True)
def _test_leaves_no_trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget what a test registered, compiled, and imported from its folder, or the next would find it."""
    with _as_before(str(tmp_path_factory.getbasetemp())):
        yield


@pytest.fixture(scope="session")
def calls() -> Callable[[Callable[[], object]], int]:
    """Count the calls, of Python and of C, that something makes: its cost, the same on every machine."""

    def count(work: Callable[[], object]) -> int:
        profile = cProfile.Profile()
        profile.runcall(work)
        return sum(entry.callcount for entry in profile.getstats())

    return count


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
