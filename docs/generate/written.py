"""The pages that people write, as the site takes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: The mark of a block that is wrong on purpose: for the tests, not for readers.
_WRONG = re.compile(r"^( *```.*) wrong$", re.MULTILINE)


def pages(source: Path) -> dict[str, str]:
    """Return each Markdown page under a folder by its path there."""
    found = sorted(path for path in source.rglob("*.md") if "examples" not in path.parts)
    return {path.relative_to(source).as_posix(): _read(path) for path in found}


def _read(path: Path) -> str:
    return _WRONG.sub(r"\1", path.read_text(encoding="utf-8"))
