"""What tests of the pages share: the code that makes them."""

import sys
from pathlib import Path

import pytest

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
