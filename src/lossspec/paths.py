"""Paths as users write them, and files that are checked by what was opened, not by their names."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

#: A pipe must not block before its kind is known.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_PATH", 0) | getattr(os, "O_DIRECTORY", 0) | _NO_LINK


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return a path whose leading ``~`` or ``~user`` is the home folder, as in a shell.

    A path without one, or of an unknown user, is returned as it is.

    >>> user_path("~/runs/7") == Path.home() / "runs" / "7", user_path("runs/~7").as_posix()
    (True, 'runs/~7')
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user


class OutsideError(PermissionError):
    """A file that lies outside the folder in which it must lie."""


def open_regular(
    path: str | os.PathLike[str], within: str | os.PathLike[str] | None = None, *, update: bool = False
) -> BinaryIO:
    """Open a regular file: a pipe could block, and a device never end.

    The checks are made on the open file. Whoever changes the path meanwhile gains nothing.

    Args:
        path: the file.
        within: a folder in which the file must lie after all links are followed; None for anywhere.
        update: whether the file is opened to read and write, else to read.

    Raises:
        OutsideError: it is outside the folder.
        OSError: it cannot be opened, or is not a regular file.
    """
    flags = _FLAGS | (os.O_RDWR if update else os.O_RDONLY)
    descriptor = os.open(path, flags) if within is None else _open_within(Path(path), Path(within), flags)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "is a directory", str(path))
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(descriptor, "r+b" if update else "rb")


def _open_within(path: Path, folder: Path, flags: int) -> int:
    """Open the target of a path step by step from the folder, through no link.

    Where folders cannot be opened, as on Windows, only the path is checked.
    """
    home, target = folder.resolve(), path.resolve()
    if not target.is_relative_to(home):
        raise OutsideError(errno.EACCES, f"it is outside the folder {home}", str(path))
    if os.open not in os.supports_dir_fd:
        return os.open(target, flags)
    try:
        *parents, name = target.relative_to(home).parts or (".",)
        with ExitStack() as opened:
            at = os.open(home, _FOLDER)
            opened.callback(os.close, at)
            for parent in parents:
                at = os.open(parent, _FOLDER, dir_fd=at)
                opened.callback(os.close, at)
            return os.open(name, flags | _NO_LINK, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            message = "it was replaced by a link while it was opened"
            raise OutsideError(errno.EACCES, message, str(path)) from error
        raise
