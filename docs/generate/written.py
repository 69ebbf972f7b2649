"""The pages that people write, as the site takes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docs.generate.markdown import block

if TYPE_CHECKING:
    from pathlib import Path

#: The mark of a block that is wrong on purpose: for the tests, not for readers.
_WRONG = re.compile(r"^( *```.*) wrong$", re.MULTILINE)
#: A line that stands for a file, by its path from the root of the checkout.
_FILE = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)


def pages(source: Path) -> dict[str, str]:
    """Return each Markdown page under a folder by its path there.

    Raises:
        OSError: a page shows a file that is not there.
    """
    found = sorted(path for path in source.rglob("*.md") if "examples" not in path.parts)
    return {path.relative_to(source).as_posix(): _read(path, source.parent) for path in found}


def _read(path: Path, root: Path) -> str:
    text = _WRONG.sub(r"\1", path.read_text(encoding="utf-8"))
    return _FILE.sub(lambda line: block((root / line[1]).read_text(encoding="utf-8")), text)
