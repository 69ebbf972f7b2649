"""Runs every block of the pages in `docs/guides/trainers/`, with the real libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.docs.blocks import ROOT, run_page

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "docs" / "guides" / "trainers"
PAGES = sorted(FOLDER.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_block_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(page, tmp_path, monkeypatch)
