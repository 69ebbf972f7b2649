"""Paths as users write them."""

from __future__ import annotations

import os
from pathlib import Path


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return a path whose leading ``~`` or ``~user`` is the home folder, as in a shell.

    A path without one, or of an unknown user, is returned as it is.

    >>> user_path("~/runs/7") == Path.home() / "runs" / "7", user_path("runs/~7").as_posix()
    (True, 'runs/~7')
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user
