"""Writes the loss log of a run: one chunk of rows a flush, appended in order."""

from __future__ import annotations

import time
import warnings
from array import array
from typing import TYPE_CHECKING

from lossspec.errors import LogError
from lossspec.log.file import LogFile
from lossspec.log.format import FORMAT, Position, chunk_line, line, reaches
from lossspec.log.rows import EPOCH, STEP, WIDTH
from lossspec.log.totals import totals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lossspec.log.protocol import Run
    from lossspec.log.rows import Sections


class LossLog:
    """Appends rows to the log of a run; they wait while the file is not writable.

    Args:
        folder: the run's folder.
        run: the run that the header describes.
        limit: the most rows of a loss that wait.
        durable: whether to call fsync after each write.

    Raises:
        LogError: the folder is not writable, or another manager has its log open.
    """

    def __init__(self, folder: Path, run: Run, limit: int, *, durable: bool = False) -> None:
        self._file = LogFile(folder, durable=durable)
        self._run = run
        self._limit = limit
        self._waiting: dict[str, dict[str, array[float]]] = {}
        self._lost: dict[str, int] = {}
        self._opened = False
        self._wrote = False
        self._resumed_from: int | None = None
        self._warned = False
        self._superseded_from: Position | None = None
        #: How many chunks were ever written: the position that a checkpoint saves.
        self.chunks = 0

    @property
    def path(self) -> Path:
        """The path of the log."""
        return self._file.path

    def check(self) -> None:
        """Check that the file belongs to this spec.

        Raises:
            LogError: it has another digest, or is not a loss log.
        """
        header = self._file.header()
        if header is not None and header.get("digest") != self._run.digest:
            raise LogError(
                f"`{self.path}` is the log of another spec: expected digest {self._run.digest}, got "
                f"{header.get('digest')} (`{header.get('spec')}`); give each run its own folder"
            )

    def begin(self) -> None:
        """Write the header, if the file has none."""
        try:
            if self._file.reopen_if_gone():
                self._opened = False
            self.check()
            if self._file.last() is None:
                self._file.append(self._header())
        except OSError as error:
            self._warn(error)

    def resume(self, chunks: int) -> None:
        """Continue after the first ``chunks`` chunks; new rows supersede the later ones."""
        self._opened = False
        self._resumed_from = chunks
        self._waiting = {}
        self._lost = {}

    def write(self, sections: Sections, lost: Mapping[str, int], ranks: int) -> int:
        """Append the waiting rows and these; return how many were written.

        While the file is not writable, the rows wait, a warning is given once, and 0 is returned.

        Raises:
            LogError: the file belongs to another spec.
        """
        for section, losses in sections.items():
            for name, rows in losses.items():
                self._waiting.setdefault(section, {}).setdefault(name, array("d")).extend(rows)
        for name, count in lost.items():
            self._lost[name] = self._lost.get(name, 0) + count
        count = sum(len(rows) for losses in self._waiting.values() for rows in losses.values()) // WIDTH
        if not count:
            return 0
        try:
            if self._file.reopen_if_gone():
                self._opened = False
            opening = b"" if self._opened else self._opening()
            more: dict[str, object] = {"ranks": ranks}
            if self._lost:
                more["lost"] = self._lost
            objectives = self._run.objectives()
            summed = {section: totals(losses, objectives) for section, losses in self._waiting.items()}
            now = round(time.time(), 3)
            self._file.append(opening + chunk_line(self.chunks, now, self._waiting, summed, more))
        except OSError as error:
            self._wait(error)
            return 0
        self._opened, self._wrote, self._warned, self._resumed_from = True, True, False, None
        self.chunks += 1
        self._waiting, self._lost = {}, {}
        self._warn_of_superseded()
        return count

    def _opening(self) -> bytes:
        """Return what precedes the first chunk of this process: a header, a resume record, or nothing."""
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
        if self._wrote and self._resumed_from is None:  # the file was gone for a while: nothing is recomputed
            return b""
        if self._resumed_from is None and reaches(last, self._first()):
            self._superseded_from = self._first()
        return self._resume_line()

    def _first(self) -> Position:
        """Return the position of the first waiting row."""
        firsts = [rows[:WIDTH] for losses in self._waiting.values() for rows in losses.values()]
        return min((row[EPOCH], int(row[STEP])) for row in firsts)

    def _header(self) -> bytes:
        return line({"record": "header", "format": FORMAT, **self._run.header()})

    def _resume_line(self) -> bytes:
        if self._resumed_from is not None:
            after: dict[str, object] = {"chunk": self._resumed_from}
        else:  # a run without a checkpoint continues where its clock is
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
                f"cannot write the loss log `{self.path}` ({error.strerror or error}): the last "
                f"{self._limit} values of each loss are kept, and written once it is writable again",
                RuntimeWarning,
                stacklevel=6,
            )

    def _warn_of_superseded(self) -> None:
        if self._superseded_from is None:
            return
        (epoch, step), self._superseded_from = self._superseded_from, None
        warnings.warn(
            f"`{self.path}` already has values from epoch {epoch:g}, step {step} on, which those of this run "
            "supersede: give each run its own folder, or load the checkpoint of the previous run",
            RuntimeWarning,
            stacklevel=7,
        )

    def close(self) -> None:
        """Close the file and release its lock."""
        self._file.close()
