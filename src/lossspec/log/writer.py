"""The loss log of a run: chunks of rows, in order, in a file that is only ever added to."""

from __future__ import annotations

import time
import warnings
from array import array
from typing import TYPE_CHECKING, Protocol

from lossspec.errors import LogError
from lossspec.log.file import LogFile
from lossspec.log.format import FORMAT, Position, chunk_line, line, reaches
from lossspec.log.rows import EPOCH, STEP, WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lossspec.log.rows import Sections


class Run(Protocol):
    """The run that a log belongs to: the digest of its spec, and the contents of its first record."""

    @property
    def digest(self) -> str | None:
        """The digest of the spec; None for losses that come from code."""

    def header(self) -> dict[str, object]:
        """Return the contents of the first record."""

    def machine(self) -> dict[str, object]:
        """Return what may differ when a run is resumed."""


class LossLog:
    """Appends rows to the log of a run; where it can't be written, they wait.

    Args:
        folder: the run's folder.
        run: what the header says.
        limit: how many rows of a loss wait at most.
        durable: whether each write is followed by an fsync.

    Raises:
        LogError: the folder can't be written, or another manager has its log open.
    """

    def __init__(self, folder: Path, run: Run, limit: int, *, durable: bool = False) -> None:
        self._file = LogFile(folder, durable=durable)
        self._run = run
        self._limit = limit
        self._waiting: dict[str, dict[str, array[float]]] = {"losses": {}, "validation": {}}
        self._lost: dict[str, int] = {}
        self._begun = False
        self._wrote = False
        self._resumed_from: int | None = None
        self._warned = False
        self._supersedes: Position | None = None
        #: How many chunks were ever written: the position that a checkpoint remembers.
        self.chunks = 0

    @property
    def path(self) -> Path:
        """Where the log is."""
        return self._file.path

    def check(self) -> None:
        """Refuse a file that another spec has written.

        Raises:
            LogError: its digest is another, or it is no loss log.
        """
        header = self._file.header()
        if header is not None and header.get("digest") != self._run.digest:
            raise LogError(
                f"`{self.path}` is the log of another spec: `{header.get('spec')}` with the digest "
                f"{header.get('digest')}, and this one has {self._run.digest}; give each run its own folder"
            )

    def begin(self) -> None:
        """Write the header, if the file has none; what is there stays."""
        try:
            if self._file.reopen_if_gone():
                self._begun = False
            self.check()
            if self._file.last() is None:
                self._file.append(self._header())
        except OSError as error:
            self._warn(error)

    def resume(self, chunks: int) -> None:
        """Go on after the first ``chunks`` chunks: those that follow are superseded by what comes."""
        self._begun = False
        self._resumed_from = chunks
        self._waiting = {"losses": {}, "validation": {}}
        self._lost = {}

    def write(self, sections: Sections, lost: Mapping[str, int], ranks: int) -> int:
        """Append rows, after those that wait; return how many were written.

        Where the file can't be written, a warning says so once, the rows wait, and 0 is returned.

        Raises:
            LogError: the file is another spec's.
        """
        for section, losses in sections.items():
            for name, rows in losses.items():
                self._waiting[section].setdefault(name, array("d")).extend(rows)
        for name, count in lost.items():
            self._lost[name] = self._lost.get(name, 0) + count
        count = sum(len(rows) for losses in self._waiting.values() for rows in losses.values()) // WIDTH
        if not count:
            return 0
        try:
            if self._file.reopen_if_gone():
                self._begun = False
            opening = b"" if self._begun else self._opening()
            more: dict[str, object] = {"time": round(time.time(), 3), "ranks": ranks}
            if self._lost:
                more["lost"] = self._lost
            self._file.append(opening + chunk_line(self.chunks, self._waiting, more))
        except OSError as error:
            self._wait(error)
            return 0
        self._begun, self._wrote, self._warned, self._resumed_from = True, True, False, None
        self.chunks += 1
        self._waiting, self._lost = {"losses": {}, "validation": {}}, {}
        self._tell_what_is_superseded()
        return count

    def _opening(self) -> bytes:
        """Return what precedes the first chunk of this process: a header, or where it takes up the log."""
        self.check()
        last = self._file.last()
        if last is None:
            opening = self._header()
            self.chunks = max(self.chunks, self._resumed_from or 0)
            return opening if self._resumed_from is None else opening + self._resume_line()
        if last["record"] == "header" and self._resumed_from is None:
            return b""
        number = last.get("chunk")
        known = number + (last["record"] == "chunk") if isinstance(number, int) else 0
        self.chunks = max(self.chunks, known, self._resumed_from or 0)
        if self._wrote and self._resumed_from is None:  # the file was away: nothing is computed anew
            return b""
        if self._resumed_from is None and reaches(last, self._first()):
            self._supersedes = self._first()
        return self._resume_line()

    def _first(self) -> Position:
        """Where the first row that waits is: where a run that loads no checkpoint goes on."""
        firsts = [rows[:WIDTH] for losses in self._waiting.values() for rows in losses.values()]
        return min((row[EPOCH], int(row[STEP])) for row in firsts)

    def _header(self) -> bytes:
        return line({"record": "header", "format": FORMAT, **self._run.header()})

    def _resume_line(self) -> bytes:
        if self._resumed_from is not None:
            after: dict[str, object] = {"chunk": self._resumed_from}
        else:  # a run that loads no checkpoint: its clock says where it goes on
            epoch, step = self._first()
            after = {"epoch": epoch, "step": step}
        return line({"record": "resume", "chunk": self.chunks, "after": after, **self._run.machine()})

    def _wait(self, error: OSError) -> None:
        for losses in self._waiting.values():
            for name, rows in losses.items():
                surplus = len(rows) // WIDTH - self._limit
                if surplus > 0:
                    del rows[: surplus * WIDTH]
                    self._lost[name] = self._lost.get(name, 0) + surplus
        self._warn(error)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"the loss log `{self.path}` can't be written ({error.strerror or error}): the last "
                f"{self._limit} values of each loss are kept, and written when it can be",
                RuntimeWarning,
                stacklevel=6,
            )

    def _tell_what_is_superseded(self) -> None:
        if self._supersedes is None:
            return
        (epoch, step), self._supersedes = self._supersedes, None
        warnings.warn(
            f"`{self.path}` has values from epoch {epoch:g}, step {step} on: those of this run supersede "
            "them when it is read; give each run its own folder, or load the checkpoint of the one before",
            RuntimeWarning,
            stacklevel=7,
        )

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._file.close()
