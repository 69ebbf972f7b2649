"""Writes the loss log of a run: one chunk of rows a flush, appended in order."""

from __future__ import annotations

import errno
import time
import warnings
from typing import TYPE_CHECKING

from lossspec.errors import LogError
from lossspec.log.file import LogFile, parse
from lossspec.log.format import FORMAT, Position, chunk_line, line, reaches
from lossspec.log.rows import EPOCH, STEP, WIDTH, do_all
from lossspec.log.totals import totals

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lossspec.log.protocol import Run
    from lossspec.log.rows import Action, Sections


class LossLog:
    """Appends rows to the log of a run; they wait while the file is not writable.

    Args:
        folder: the run's folder.
        run: the run that the header describes.
        limit: the most rows of a loss that wait.
        durable: whether to call fsync after each write.
        take_over: whether to close the log of a lost manager of this process.

    Raises:
        LogError: the folder is not writable, or another manager has its log open.
    """

    def __init__(
        self, folder: Path, run: Run, limit: int, *, durable: bool = False, take_over: bool = False
    ) -> None:
        self._file = LogFile(folder, durable=durable, take_over=take_over)
        self._run = run
        self._limit = limit
        self._waiting: Sections = {}
        self._lost: Mapping[str, int] = {}
        self._probes: list[Mapping[str, object]] = []
        self._header_line: Mapping[str, object] | None = None
        self._opened = False
        self._wrote = False
        self._resumed_from: int | None = None
        self._warned = False
        self._superseded_from: Position | None = None
        #: How many chunks were ever written.
        self.chunks = 0

    @property
    def path(self) -> Path:
        """The path of the log."""
        return self._file.path

    @property
    def is_forked(self) -> bool:
        """Whether this process is a fork of the one that opened the log."""
        return self._file.is_forked

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

    @property
    def position(self) -> int:
        """How many chunks precede the next row, which a checkpoint saves."""
        return self.next_chunk if self._resumed_from is None else self._resumed_from

    @property
    def next_chunk(self) -> int:
        """How many chunks were ever written, also those that a resume leaves aside."""
        if not self._opened and not self._wrote and self._file.is_open:
            try:
                self._count(self._file.last())
            except OSError as error:
                self._warn(error)
        return max(self.chunks, self._resumed_from or 0)

    @property
    def waiting(self) -> Sections:
        """The rows that the file did not take, which a checkpoint saves."""
        return self._waiting

    def add_probe(self, record: Mapping[str, object]) -> None:
        """Write the record of a probe with the next rows."""
        self._probes = [*self._probes, record][-self._limit :]

    def begin(self) -> None:
        """Write the header, if the file has none."""
        if self._file.is_forked:
            return
        try:
            if self._file.reopen_if_gone():
                self._opened = False
            self.check()
            if self._file.last() is None:
                self._file.end = self._file.append(self._header())
        except OSError as error:
            self._warn(error)

    def resume(self, chunks: int, waiting: Sections) -> None:
        """Continue after the first ``chunks`` chunks, first with the rows of the checkpoint that waited then.

        New rows supersede the chunks after those.
        """
        self._opened = False
        self._resumed_from = chunks
        self._waiting = waiting
        self._lost = {}
        self._probes = []

    def write(
        self, sections: Sections, lost: Mapping[str, int], ranks: int, taken: Sequence[Action] = ()
    ) -> int:
        """Append the waiting rows and these; return how many were written.

        While the file is not writable, the rows wait, a warning is given once, and 0 is returned.

        Args:
            sections: the rows.
            lost: the number of rows that were dropped, by loss.
            ranks: the number of processes that train together.
            taken: what forgets the rows where they come from, done once they are in the file or wait here,
                in one piece with that: an interrupt neither loses nor doubles a row.

        Raises:
            LogError: the file belongs to another spec.
        """
        waiting = _joined(self._waiting, sections)
        lost = {name: self._lost.get(name, 0) + lost.get(name, 0) for name in {**self._lost, **lost}}
        count = sum(len(rows) for losses in waiting.values() for rows in losses.values()) // WIDTH
        if not count:
            return 0
        if self._file.is_forked:
            self._warn_of_fork()
            do_all(taken)
            return 0
        try:
            if self._file.reopen_if_gone():
                self._opened = False
            opening = b"" if self._opened else self._opening(waiting)
            more: dict[str, object] = {"ranks": ranks}
            if lost:
                more["lost"] = lost
            if self._probes:
                more["probes"] = self._probes
            objectives = self._run.objectives()
            summed = {section: totals(losses, objectives) for section, losses in waiting.items()}
            now = round(time.time(), 3)
            end = self._file.append(opening + chunk_line(self.chunks, now, waiting, summed, more))
        except OSError as error:
            if error.errno is None:  # raised by a signal handler of the user, such as a TimeoutError
                raise
            self._wait(error, waiting, lost, taken)
            return 0
        forgotten: list[Action] = [
            (setattr, self._file, "end", end),
            (setattr, self, "_waiting", {}),
            (setattr, self, "_lost", {}),
            (setattr, self, "_probes", []),
            (setattr, self, "chunks", self.chunks + 1),
            (setattr, self, "_resumed_from", None),
            (setattr, self, "_opened", True),
        ]
        do_all([*forgotten, *taken])
        self._wrote, self._warned = True, False
        self._warn_of_superseded()
        return count

    def _opening(self, waiting: Sections) -> bytes:
        """Return what precedes the first chunk of this process: a header, a resume record, or nothing."""
        self.check()
        self._require_own()
        last = self._file.last()
        if last is None:
            opening = self._header()
            self.chunks = max(self.chunks, self._resumed_from or 0)
            return opening if self._resumed_from is None else opening + self._resume_line(waiting)
        if last["record"] == "header" and self._resumed_from is None:
            return b""
        self._count(last)
        self.chunks = max(self.chunks, self._resumed_from or 0)
        if self._wrote and self._resumed_from is None:  # the file was gone for a while: nothing is recomputed
            return b""
        if self._resumed_from is None and reaches(last, _first(waiting)):
            self._superseded_from = _first(waiting)
        return self._resume_line(waiting)

    def _require_own(self) -> None:
        """Refuse the log of another run, which took the place of a deleted one."""
        header = self._file.header()
        if self._header_line is not None and header is not None and header != self._header_line:
            self._file.close()  # or it would be locked
            raise FileExistsError(errno.EEXIST, "another run has its log there now")
        self._header_line = header or self._header_line

    def _count(self, last: Mapping[str, object] | None) -> None:
        """Count the chunks of a file with this last record."""
        number = None if last is None else last.get("chunk")
        if last is not None and isinstance(number, int):
            self.chunks = max(self.chunks, number + (last["record"] == "chunk"))

    def _header(self) -> bytes:
        header = line({"record": "header", "format": FORMAT, **self._run.header()})
        self._header_line = parse(header, self.path)
        return header

    def _resume_line(self, waiting: Sections) -> bytes:
        if self._resumed_from is not None:
            after: dict[str, object] = {"chunk": self._resumed_from}
        else:  # a run without a checkpoint continues where its clock is
            epoch, step = _first(waiting)
            after = {"epoch": epoch, "step": step}
        return line({"record": "resume", "chunk": self.chunks, "after": after, **self._run.machine()})

    def _wait(
        self, error: OSError, waiting: Sections, lost: Mapping[str, int], taken: Sequence[Action]
    ) -> None:
        kept: dict[str, dict[str, array[float]]] = {}
        counts = dict(lost)
        for section, losses in waiting.items():
            for name, rows in losses.items():
                kept.setdefault(section, {})[name] = last = rows[-self._limit * WIDTH :]
                if len(last) < len(rows):
                    counts[name] = counts.get(name, 0) + (len(rows) - len(last)) // WIDTH
        do_all([(setattr, self, "_waiting", kept), (setattr, self, "_lost", counts), *taken])
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

    def _warn_of_fork(self) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"this process is a fork of the one whose log `{self.path}` is: its values are not written",
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


def _joined(waiting: Sections, sections: Sections) -> Sections:
    """Return the rows of both, in new arrays where both have some."""
    found = {section: dict(losses) for section, losses in waiting.items()}
    for section, losses in sections.items():
        for name, rows in losses.items():
            before = found.setdefault(section, {}).get(name)
            found[section][name] = rows if before is None else before + rows
    return found


def _first(sections: Sections) -> Position:
    """Return the position of the first row."""
    firsts = [rows[:WIDTH] for losses in sections.values() for rows in losses.values()]
    return min((row[EPOCH], int(row[STEP])) for row in firsts)
