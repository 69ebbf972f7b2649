"""Runs every block of the README and the docs; `make test-trainers` runs those of `docs/guides/trainers/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.docs.blocks import ROOT, run_page

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

TRAINERS = ROOT / "docs" / "guides" / "trainers"
DOCS = (page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent != TRAINERS)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_block_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(page, tmp_path, monkeypatch)
