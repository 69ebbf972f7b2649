"""What the terminal can show: colours, and how many characters a row has."""

from __future__ import annotations

import os
import shutil
import sys


def is_colored() -> bool:
    """Say whether to colour: on a terminal that can, unless ``NO_COLOR`` is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(widest: int) -> int:
    """Return how many characters a row has: the terminal's or ``COLUMNS``, at most ``widest``; else 80."""
    return min(shutil.get_terminal_size((80, 24)).columns, widest)
