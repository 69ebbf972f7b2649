"""The loss log of a run: takes what the losses recorded, and writes it as chunks."""

from __future__ import annotations

import warnings
from array import array
from typing import TYPE_CHECKING

from lossspec.errors import LogError
from lossspec.manager.history import EPOCH, STEP, WIDTH
from lossspec.manager.log_format import FORMAT, chunk_line, line
from lossspec.manager.log_writer import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from lossspec.manager.history import LMHistory
    from lossspec.manager.loss import LMLoss

Sections = "dict[str, dict[str, array[float]]]"


class LossLog:
    """Collects rows and appends them to the file, in order, once it can be written.

    Args:
        folder: the run's folder.
        about: returns what the header says of the run: spec, digest, versions, device.
        limit: how many rows of a loss wait at most while the file can't be written.
        durable: whether each write is followed by an fsync.

    Raises:
        LogError: the folder can't be written, or another manager has its log open.
    """

    def __init__(
        self, folder: Path, about: Callable[[], Mapping[str, object]], limit: int, *, durable: bool = False
    ) -> None:
        self._file = LogFile(folder, durable=durable)
        self._about = about
        self._limit = limit
        self._waiting: dict[str, dict[str, array[float]]] = {"losses": {}, "validation": {}}
        self._lost: dict[str, int] = {}
        self._chunks = 0
        self._begun = False
        self._resumed_from: int | None = None
        self._warned = False

    @property
    def path(self) -> Path:
        """Where the log is."""
        return self._file.path

    @property
    def chunks(self) -> int:
        """How many chunks there are: the position that a checkpoint remembers."""
        return self._chunks

    def check(self) -> None:
        """Refuse a file that another spec has written.

        Raises:
            LogError: its digest is another, or it is no loss log.
        """
        header = self._file.header()
        if header is None:
            return
        digest = self._about()["digest"]
        if header.get("digest") != digest:
            raise LogError(
                f"`{self.path}` is the log of another spec (`{header.get('spec')}`, digest {header.get('digest')}; "
                f"this one has {digest}): give each run its own folder"
            )

    def resume(self, chunks: int) -> None:
        """Continue after the first ``chunks`` chunks: what follows them is superseded by what comes."""
        self._begun = False
        self._resumed_from = chunks
        for losses in self._waiting.values():
            losses.clear()

    def begin(self) -> None:
        """Write the header, if the file has none; never touches what is there."""
        self.check()
        if self._file.header() is None:
            self._file.append(line({"record": "header", "format": FORMAT, **self._about()}))

    def flush(self, losses: Iterable[LMLoss]) -> int:
        """Take what ``losses`` recorded and write it; return the number of rows written.

        Where the file can't be written, a warning says so once, the rows wait, and 0 is returned.
        """
        for loss in losses:
            self._take(loss.name, "losses", loss.training)
            self._take(loss.name, "validation", loss.validation)
        rows = sum(len(rows) for section in self._waiting.values() for rows in section.values()) // WIDTH
        if not rows:
            return 0
        try:
            opening = b"" if self._begun else self._opening()
            sections = {name: losses for name, losses in self._waiting.items() if losses}
            more = {"lost": self._lost} if self._lost else {}
            self._file.append(opening + chunk_line(self._chunks, sections, more))
        except OSError as error:
            self._wait(error)
            return 0
        self._begun, self._warned = True, False
        self._chunks += 1
        self._waiting, self._lost = {"losses": {}, "validation": {}}, {}
        return rows

    def _take(self, name: str, section: str, history: LMHistory) -> None:
        rows = history.take()
        if rows:
            self._waiting[section].setdefault(name, array("d")).extend(rows)
        if history.lost:
            self._lost[name] = self._lost.get(name, 0) + history.lost
            history.lost = 0

    def _opening(self) -> bytes:
        """What precedes the first chunk of this process: a header, or where it takes up the log."""
        about = self._about()
        self.check()
        last = self._file.last()
        if last is None:
            opening = line({"record": "header", "format": FORMAT, **about})
            self._chunks = self._resumed_from or 0
            return opening + (self._resume_line(about) if self._resumed_from is not None else b"")
        known = last.get("chunk", -1)
        self._chunks = (known if isinstance(known, int) else -1) + (last["record"] == "chunk" or known == -1)
        if last["record"] == "header" and self._resumed_from is None:
            return b""
        return self._resume_line(about)

    def _resume_line(self, about: Mapping[str, object]) -> bytes:
        if self._resumed_from is not None:
            self._chunks = max(self._chunks, self._resumed_from)
            position: Mapping[str, object] = {"chunk": self._resumed_from}
        else:
            rows = min(
                (losses[:WIDTH] for losses in self._waiting["losses"].values()), key=lambda row: row[EPOCH]
            )
            position = {"epoch": rows[EPOCH], "step": int(rows[STEP])}
        kept = {name: about[name] for name in ("versions", "device", "ranks") if name in about}
        return line({"record": "resume", "chunk": self._chunks, "after": position, **kept})

    def _wait(self, error: OSError) -> None:
        for losses in self._waiting.values():
            for name, rows in losses.items():
                surplus = len(rows) // WIDTH - self._limit
                if surplus > 0:
                    del rows[: surplus * WIDTH]
                    self._lost[name] = self._lost.get(name, 0) + surplus
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"the loss log `{self.path}` can't be written ({error.strerror or error}): up to {self._limit} "
                "values of each loss are kept, and written when it can be",
                RuntimeWarning,
                stacklevel=4,
            )

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._file.close()
