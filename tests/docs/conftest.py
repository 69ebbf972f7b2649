"""What tests of the pages share: the code that makes them, and a process that forgets what a page did."""

import sys
from pathlib import Path

import pytest

from lossspec.registry import lookup as losses
from lossspec.schedules import lookup as schedules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def generate():
    """The package docs.generate, which lies at the root of the checkout and not in the installed package."""
    sys.path.insert(0, str(ROOT))
    try:
        from docs.generate import __main__
    finally:
        sys.path.remove(str(ROOT))
    return __main__


@pytest.fixture(scope="session")
def generated(generate):
    """Every page that the code writes, by its path in the site."""
    return generate.generated()


@pytest.fixture
def forgetful(tmp_path):
    """Forget afterwards the modules of a page's folder, and the losses and schedules that they registered."""
    tables = (losses.registered, schedules.REGISTERED)
    before = [dict(table) for table in tables]
    yield
    for table, held in zip(tables, before, strict=True):
        table.clear()
        table.update(held)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
