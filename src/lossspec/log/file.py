"""The file of a loss log: opens, locks, repairs and appends to it; and appends to other files of a run."""

from __future__ import annotations

import json
import os
import sys
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from lossspec.errors import LogError
from lossspec.log.format import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BLOCK = 1 << 16
_LONGEST_HEADER = 1 << 24
#: How a log begins.
_HEAD = b'{"record":"header"'


class LogFile:
    """The open log of one run; one process at a time can have it open.

    Args:
        folder: the run's folder, created if it is missing.
        durable: whether to call fsync after each write.
        take_over: whether to close the log of another manager of this process, which was lost.

    Attributes:
        end: where the next record goes; None until ``last`` has looked. What a failed or interrupted write
            left after it is cut off before the next one.
        is_forked: whether this is the copy of a forked child, which never writes.

    Raises:
        LogError: the folder is not writable, or another manager has its log open.
    """

    def __init__(self, folder: Path, *, durable: bool = False, take_over: bool = False) -> None:
        self.path = folder / FILE_NAME
        self.end: int | None = None
        self.is_forked = False
        self._durable = durable
        self._descriptor = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if take_over:
                self._close_lost()
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
            message = (
                f"`{self.path}` is open in another LossManager: give each run its own folder, "
                "or `close()` the other one"
            )
            if self._others():
                message += "; if it is lost, as in a notebook, pass `take_over=True` to this one"
            raise LogError(message)
        self._descriptor, self.end = descriptor, None
        _open_files.add(self)
        if self._durable and os.fstat(descriptor).st_size == 0:  # it may be new
            _sync_folder(self.path.parent)

    def _others(self) -> list[LogFile]:
        """Return the open logs of this process that are the same file."""
        return [each for each in list(_open_files) if each is not self and each.is_open_at(self.path)]

    def _close_lost(self) -> None:
        for each in self._others():
            each.close()

    @property
    def is_open(self) -> bool:
        """Whether the file is open, and locked."""
        return self._descriptor >= 0

    def header(self) -> Mapping[str, object] | None:
        """Return the first record, or None if there is none yet.

        Raises:
            LogError: the file is not a loss log.
        """
        if not self.is_open or self.end == 0:
            return None
        text = b""
        while b"\n" not in text and len(text) < _LONGEST_HEADER and (more := self._read(len(text), _BLOCK)):
            text += more
        first = text[: text.find(b"\n") + 1] or text
        if first.endswith(b"\n"):
            return parse(first, self.path)
        if not (first.startswith(_HEAD) or _HEAD.startswith(first) or not first.strip(b"\0")):
            raise not_a_log(first, self.path)  # and nothing of it is cut off
        return None

    def last(self) -> Mapping[str, object] | None:
        """Return the last whole record, and set ``end`` after it.

        Raises:
            LogError: the file is not a loss log.
        """
        self.header()
        tail = b""
        size = os.fstat(self._descriptor).st_size
        start = size = size if self.end is None else min(size, self.end)
        while start > 0 and tail.count(b"\n") < 2:  # the end of the record before, and of this one
            start = max(0, start - max(_BLOCK, len(tail)))
            tail = self._read(start, size - start)
        whole = tail.rfind(b"\n") + 1
        self.end = start + whole
        lines = tail[:whole].splitlines()
        return parse(lines[-1], self.path) if lines else None

    def _read(self, start: int, size: int) -> bytes:
        """Read the open file: its path can lead elsewhere by now."""
        os.lseek(self._descriptor, start, os.SEEK_SET)
        found = b""
        while len(found) < size and (more := os.read(self._descriptor, size - len(found))):
            found += more
        return found

    def append(self, data: bytes) -> int:
        """Write ``data`` after ``end``; return where it ends, which is the next ``end`` once it is noted.

        Raises:
            OSError: the write failed.
        """
        size = os.fstat(self._descriptor).st_size
        if self.end is None or size < self.end:
            self.last()
        end = self.end or 0
        if size > end:
            os.ftruncate(self._descriptor, end)
        _append(self._descriptor, data, durable=self._durable)
        return end + len(data)

    def reopen_if_gone(self) -> bool:
        """Open the path again if the open file was deleted; return whether the log starts empty.

        A file that was moved with its folder stays open: the log goes on there.

        Raises:
            OSError: the path cannot be opened, since the folder is gone.
        """
        if self.is_open:
            found = os.fstat(self._descriptor)
            if found.st_nlink or self.is_open_at(self.path):
                return found.st_size == 0
            self.close()
        self._open()
        return True

    def is_open_at(self, path: Path) -> bool:
        """Return whether the open file is the one at ``path``."""
        try:
            return self.is_open and os.path.samestat(path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Close the file and give up the lock."""
        if self.is_open:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


def _sync_folder(folder: Path) -> None:
    """Make the entry of a new file durable, where a folder can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


#: Closed in forked data-loader workers: they inherit the descriptor and would keep the lock of a killed run.
_open_files: weakref.WeakSet[LogFile] = weakref.WeakSet()


def _close_in_child() -> None:
    for file in list(_open_files):
        file.close()
        file.is_forked = True


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
    except BaseException:  # the caller can write it again; if this fails, what is torn is cut off then
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def parse(text: bytes, path: Path) -> Mapping[str, object]:
    """Read one line of a log.

    Raises:
        LogError: it is not a record.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("record"), str):
        raise not_a_log(text, path)
    return cast("Mapping[str, object]", record)


def not_a_log(text: bytes, path: Path) -> LogError:
    """Return the error for a file that has this line."""
    shown = text[:60].decode(errors="replace")
    return LogError(f"`{path}` is not a loss log of lossspec: it has the line {shown!r}")


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
