"""Reads the hand-written pages of docs/ for the site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docs.generate.markdown import block

if TYPE_CHECKING:
    from pathlib import Path

#: The mark of a code block that is wrong on purpose: for the tests, not for readers.
_WRONG = re.compile(r"^( *```.*) wrong$", re.MULTILINE)
#: A line that includes a file, by its path from the root of the repository.
_FILE = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)


def pages(source: Path) -> dict[str, str]:
    """Return each Markdown page of a folder, by its path in the folder.

    Raises:
        OSError: a page includes a missing file.
    """
    found = sorted(path for path in source.rglob("*.md") if "examples" not in path.parts)
    return {path.relative_to(source).as_posix(): _read(path, source.parent) for path in found}


def _read(path: Path, root: Path) -> str:
    text = _WRONG.sub(r"\1", path.read_text(encoding="utf-8"))
    return _FILE.sub(lambda line: block((root / line[1]).read_text(encoding="utf-8")), text)
