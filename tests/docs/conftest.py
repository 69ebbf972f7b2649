"""Fixtures for the tests of the site: the page generator, its pages, the built site."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def generate():
    """The package docs.generate, which is in the checkout but not in the installed package."""
    sys.path.insert(0, str(ROOT))
    try:
        from docs.generate import __main__
    finally:
        sys.path.remove(str(ROOT))
    return __main__


@pytest.fixture(scope="session")
def generated(generate):
    """Every generated page, by its path in the site."""
    return generate.generated()


@pytest.fixture(scope="session")
def zensical():
    """Build the site of a folder as ``make docs`` does."""
    command = [Path(sys.executable).with_name("zensical"), "build", "--clean", "--strict"]
    env = {**os.environ, "NO_COLOR": "1"}
    return lambda folder: subprocess.run(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )


@pytest.fixture(scope="session")
def site(generate, generated, zensical, tmp_path_factory):
    """The site as ``make docs`` builds it, in a temporary folder."""
    folder = tmp_path_factory.mktemp("site")
    generate.make(folder / "build" / "docs", generated)
    (folder / "mkdocs.yml").write_text((ROOT / "mkdocs.yml").read_text("utf-8"), encoding="utf-8")
    done = zensical(folder)
    assert done.returncode == 0, done.stdout
    return folder / "build" / "site"
