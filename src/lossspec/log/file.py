"""The file of a loss log: opens, locks, repairs and appends to it; and appends to other files of a run."""

from __future__ import annotations

import json
import os
import sys
import weakref
from typing import TYPE_CHECKING, cast

from lossspec.errors import LogError
from lossspec.log.format import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BLOCK = 1 << 16


class LogFile:
    """The open log of one run; one process at a time can have it open.

    Args:
        folder: the run's folder, created if it is missing.
        durable: whether to call fsync after each write.

    Raises:
        LogError: the folder is not writable, or another manager has its log open.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.path = folder / FILE_NAME
        self._durable = durable
        self._descriptor = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open()
        except OSError as error:
            raise LogError(f"cannot write a loss log in `{folder}`: {error.strerror or error}") from error

    def _open(self) -> None:
        flags = (
            os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        )  # or Windows would change the line ends
        descriptor = os.open(self.path, flags, 0o666)
        if not try_lock(descriptor):
            os.close(descriptor)
            raise LogError(
                f"`{self.path}` is open in another LossManager: give each run its own folder, "
                "or `close()` the other one"
            )
        self._descriptor = descriptor
        _open_files.add(self)

    def header(self) -> Mapping[str, object] | None:
        """Return the first record, or None if there is none yet.

        Raises:
            LogError: the file is not a loss log.
        """
        try:
            with self.path.open("rb") as file:
                first = file.readline()
        except FileNotFoundError:  # the folder is gone, and can come back
            return None
        return parse(first, self.path) if first.endswith(b"\n") else None

    def last(self) -> Mapping[str, object] | None:
        """Return the last complete record, and cut off a torn line after it."""
        size = os.fstat(self._descriptor).st_size
        start, tail = size, b""
        with self.path.open("rb") as file:
            while start > 0 and tail.count(b"\n") < 2:  # the end of the record before, and of this one
                start = max(0, start - max(_BLOCK, len(tail)))
                file.seek(start)
                tail = file.read(size - start)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            os.ftruncate(self._descriptor, start + whole)
        lines = tail[:whole].splitlines()
        return parse(lines[-1], self.path) if lines else None

    def append(self, data: bytes) -> None:
        """Write ``data`` at the end, in full or not at all, even if the run is interrupted.

        Raises:
            OSError: the write failed; the file is unchanged.
        """
        _append(self._descriptor, data, durable=self._durable)

    def reopen_if_gone(self) -> bool:
        """Open the path again if it is no longer the open file; return whether the log starts empty.

        Raises:
            OSError: the path cannot be opened, since the folder is gone.
        """
        if self._descriptor >= 0:
            try:
                here = self.path.stat()
                if os.path.samestat(here, os.fstat(self._descriptor)):
                    return here.st_size == 0
            except FileNotFoundError:
                pass
            self.close()
        self._open()
        return True

    def close(self) -> None:
        """Close the file and give up the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


#: Closed in forked data-loader workers: they inherit the descriptor and would keep the lock of a killed run.
_open_files: weakref.WeakSet[LogFile] = weakref.WeakSet()


def _close_in_child() -> None:
    for file in list(_open_files):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


def append(path: Path, data: bytes) -> None:
    """Append ``data`` to a file, in full or not at all, even if the run is interrupted.

    Raises:
        OSError: the write failed; the file is unchanged.
    """
    with path.open("ab", buffering=0) as file:
        _append(file.fileno(), data)


def _append(descriptor: int, data: bytes, *, durable: bool = False) -> None:
    before = os.fstat(descriptor).st_size
    try:
        written = os.write(descriptor, data)
        while written < len(data):  # a signal, or a full disk: then the next write raises
            written += os.write(descriptor, data[written:])
        if durable:
            os.fsync(descriptor)
    except BaseException:  # the caller can write it again
        os.ftruncate(descriptor, before)
        raise


def parse(text: bytes, path: Path) -> Mapping[str, object]:
    """Read one line of a log.

    Raises:
        LogError: it is not a record.
    """
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("record"), str):
        shown = text[:60].decode(errors="replace")
        raise LogError(f"`{path}` is not a loss log of lossspec: it has the line {shown!r}")
    return cast("Mapping[str, object]", record)


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 62  # a byte that is never written

    def try_lock(descriptor: int) -> bool:
        """Take the lock if it is free, and return whether it was."""
        position = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, position, os.SEEK_SET)
        return True

else:
    import errno
    import fcntl

    #: Errors of file systems without locks, where the log is written unlocked.
    _NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL}

    def try_lock(descriptor: int) -> bool:
        """Take the lock if it is free; return whether the file may be written."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        return True
