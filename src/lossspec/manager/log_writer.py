"""Appends to a run's loss log: one write a flush, under a lock, and nothing lost where a disk fails."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lossspec.errors import LogError
from lossspec.manager.lock import try_lock
from lossspec.manager.log_format import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAIL = 1 << 16


class LogFile:
    """The open log of one run. Only one process has it open for writing.

    Args:
        folder: the run's folder; made if it is not there.
        durable: whether each write is followed by an fsync.

    Raises:
        LogError: the folder can't be written, or another manager has its log open.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.path = folder / FILE_NAME
        self._durable = durable
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = self._open()
        except OSError as error:
            raise LogError(f"can't write a loss log in `{folder}`: {error.strerror or error}") from error

    def _open(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        if not try_lock(descriptor):
            os.close(descriptor)
            raise LogError(
                f"`{self.path}` is open in another LossManager: give each run its own folder, or `close()` that one"
            )
        return descriptor

    def header(self) -> Mapping[str, object] | None:
        """Return the first record, or None if the file is empty.

        Raises:
            LogError: the file is no loss log.
        """
        with self.path.open("rb") as file:
            first = file.readline()
        if not first.endswith(b"\n"):
            return None
        return parse(first, self.path)

    def last(self) -> Mapping[str, object] | None:
        """Return the last whole record, and cut off what a killed run left after it."""
        size = os.fstat(self._descriptor).st_size
        with self.path.open("rb") as file:
            position, tail = size, b""
            while position > 0 and tail.count(b"\n", 0, -1) < 2:
                position = max(0, position - max(_TAIL, len(tail)))
                file.seek(position)
                tail = file.read(size - position)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            os.ftruncate(self._descriptor, size - len(tail) + whole)
        lines = tail[:whole].splitlines()
        return parse(lines[-1], self.path) if lines else None

    def append(self, data: bytes) -> None:
        """Write ``data`` at the end, whole or not at all.

        Raises:
            OSError: it could not be written; the file is as it was.
        """
        if not self._is_there():
            os.close(self._descriptor)
            self._descriptor = self._open()
        before = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, data)
            if written < len(data):  # the disk is full: the rest would be torn off
                os.write(self._descriptor, data[written:])
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise
        if self._durable:
            os.fsync(self._descriptor)

    def _is_there(self) -> bool:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._descriptor))

    def close(self) -> None:
        """Close the file and give up the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def parse(text: bytes, path: Path) -> Mapping[str, object]:
    """Read one line of a log.

    Raises:
        LogError: it is no record.
    """
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("record"), str):
        raise LogError(
            f"`{path}` is no loss log of lossspec: it has the line {text[:60].decode(errors='replace')!r}"
        )
    return cast("Mapping[str, object]", record)
