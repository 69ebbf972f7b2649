"""Makes the source folder of the site: the written pages of docs/ and the pages generated from the code.

    python -m docs.generate

Its output is not committed. ``make docs`` runs it, then ``zensical build --strict``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from docs.generate import api, codes, commands, curves, gallery, losses, written

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs"
SCHEMAS = ROOT / "schemas"
TARGET = ROOT / "build" / "docs"


def generated() -> dict[str, str]:
    """Return the content of every generated page, by its path in the site."""
    parts = (commands, api, codes, losses, curves, gallery)
    return {path: content for part in parts for path, content in part.pages().items()}


def make(target: Path, pages: Mapping[str, str]) -> None:
    """Rewrite the folder: the written pages of docs/ and these pages."""
    shutil.rmtree(target, ignore_errors=True)
    # editors and SchemaStore read the schemas from the site
    for folder in filter(Path.is_dir, (SOURCE / "assets", SOURCE / "images", SCHEMAS)):
        shutil.copytree(folder, target / folder.name)
    for path, content in {**written.pages(SOURCE), **pages}.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    make(TARGET, generated())
