"""A plug-in of pytest: tests in random order, and none is started once the time is over."""

from __future__ import annotations

import os
import random
import time

import pytest

_UNTIL = time.monotonic() + float(os.environ.get("LOSSSPEC_FUZZ_SECONDS", "inf"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mix the tests, so that those at the end get their share too."""
    random.Random(config.getoption("--hypothesis-seed")).shuffle(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Stop when the time is over."""
    if time.monotonic() > _UNTIL:
        item.session.shouldstop = "the time is over"
