"""Reads a loss log back: arrays by loss, resumed runs merged, a torn last line dropped."""

from __future__ import annotations

from array import array
from contextlib import suppress
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

from lossspec.errors import LogError, UnknownNameError
from lossspec.log.file import parse
from lossspec.log.format import FILE_NAME, FORMAT, SECTIONS, numbers
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

#: The columns of a loss, and the type of array that each is read into.
COLUMNS = {
    "raw": "f",
    "term_weight": "d",
    "objective_weight": "d",
    "weighted": "f",
    "epoch": "d",
    "step": "q",
}


@define
class LossColumns:
    """What one loss recorded, oldest first; all columns are equally long.

    Attributes:
        raw: the mean before weighting.
        term_weight: the term's weight, what ``every`` gains included.
        objective_weight: the weight of its objective.
        weighted: the product of the three.
        epoch: the clock's epoch.
        step: the clock's step.
    """

    raw: array[float] = field(factory=lambda: array("f"))
    term_weight: array[float] = field(factory=lambda: array("d"))
    objective_weight: array[float] = field(factory=lambda: array("d"))
    weighted: array[float] = field(factory=lambda: array("f"))
    epoch: array[float] = field(factory=lambda: array("d"))
    step: array[int] = field(factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.raw)


class NotInLogError(UnknownNameError, KeyError):
    """A loss that a log does not have: a ``KeyError`` too, since a dict was asked."""

    __str__ = Exception.__str__  # that of a KeyError shows a message as code


class Losses(dict[str, LossColumns]):
    """Columns by loss."""

    def __missing__(self, name: str) -> LossColumns:
        raise NotInLogError(unknown("loss", name, self, " in the log"))


@define
class LossLogData:
    """A whole log.

    Attributes:
        path: the file.
        header: its first record: spec, digest, versions, device, losses.
        losses: the training values by loss.
        validation: the values recorded within ``validating()``, by loss.
        lost: how many values of a loss could not be kept while the file could not be written.
        resumes: the (epoch, step) at which the run was taken up again.
    """

    path: Path
    header: Mapping[str, Any]
    losses: dict[str, LossColumns] = field(factory=Losses)
    validation: dict[str, LossColumns] = field(factory=Losses)
    lost: dict[str, int] = field(factory=dict)
    resumes: list[tuple[float, int]] = field(factory=list)


@define
class _Chunk:
    """The rows of one flush; ``begins`` says that a run was taken up with it."""

    number: int
    sections: dict[str, dict[str, LossColumns]]
    lost: dict[str, int]
    begins: bool

    def clock(self) -> tuple[float, int]:
        """Where its first row stands."""
        firsts = [each for section in self.sections.values() for each in section.values() if len(each)]
        return min((each.epoch[0], each.step[0]) for each in firsts)


def read_log(path: str | PathLike[str], digest: str | None = None) -> LossLogData:
    """Read a loss log.

    A line that a killed run left half written is dropped. Where a run was taken up again, what it computed
    anew replaces what was there.

    Args:
        path: the file, or the folder of the run.
        digest: refuse the log of a spec with another digest.

    Raises:
        LogError: it is missing, no loss log, of another format, damaged, or of another digest.
    """
    file = Path(path)
    file = file / FILE_NAME if file.is_dir() else file
    records = _records(file)
    number, header = next(records, (0, None))
    if header is None:
        raise LogError(f"`{file}` holds nothing yet")
    if header["record"] != "header" or header.get("format") != FORMAT:
        raise LogError(f"`{file}` is no loss log in format {FORMAT}: its format is {header.get('format')!r}")
    if digest is not None and header.get("digest") != digest:
        found = header.get("digest")
        raise LogError(f"`{file}` is the log of another spec: its digest is {found}, not {digest}")
    chunks: list[_Chunk] = []
    begins = False
    for number, record in records:
        try:
            if record["record"] == "chunk":
                chunks.append(_chunk(record, begins=begins))
                begins = False
            elif record["record"] == "resume":
                chunks = _superseded(chunks, record["after"])
                begins = True
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LogError(f"{file}:{number}: the log is damaged: {error!r}") from error
    return _joined(LossLogData(file, header), chunks)


def _chunk(record: Mapping[str, Any], *, begins: bool) -> _Chunk:
    sections = {
        section: {name: _columns(columns) for name, columns in record.get(section, {}).items()}
        for section in SECTIONS
    }
    return _Chunk(record["chunk"], sections, record.get("lost", {}), begins)


def _columns(columns: Mapping[str, Any]) -> LossColumns:
    rows = columns["rows"]
    found: dict[str, Any] = {name: _column(kind, columns[name], rows) for name, kind in COLUMNS.items()}
    if any(len(values) != rows for values in found.values()):
        raise ValueError(f"columns of {rows} rows differ in length")
    return LossColumns(**found)


def _column(kind: str, column: object, rows: int) -> array[Any]:
    """Return a list of one value a row, or one value for all of them, as an array."""
    if not isinstance(column, list):
        return array(kind, numbers(column, 1)) * rows
    with suppress(TypeError):  # not numbers alone: a value that is not finite has a name
        return array(kind, column)
    return array(kind, numbers(column, rows))


def _superseded(chunks: list[_Chunk], after: Mapping[str, Any]) -> list[_Chunk]:
    """Drop what a run computes again that is taken up after a checkpoint, or somewhere on the clock."""
    if "chunk" in after:
        return [chunk for chunk in chunks if chunk.number < after["chunk"]]
    position = (after["epoch"], after["step"])
    for chunk in chunks:
        for losses in chunk.sections.values():
            losses.update({name: _before(columns, position) for name, columns in losses.items()})
    return chunks


def _before(columns: LossColumns, position: tuple[float, int]) -> LossColumns:
    keep = [at < position for at in zip(columns.epoch, columns.step, strict=True)]
    if all(keep):
        return columns
    kept = {name: compress(getattr(columns, name), keep) for name in COLUMNS}
    found: dict[str, Any] = {name: array(COLUMNS[name], values) for name, values in kept.items()}
    return LossColumns(**found)


def _joined(log: LossLogData, chunks: list[_Chunk]) -> LossLogData:
    for chunk in chunks:
        for name, count in chunk.lost.items():
            log.lost[name] = log.lost.get(name, 0) + count
        for section, target in zip(SECTIONS, (log.losses, log.validation), strict=True):
            for name, columns in chunk.sections[section].items():
                found = target.setdefault(name, LossColumns())
                for column in COLUMNS:
                    getattr(found, column).extend(getattr(columns, column))
        if chunk.begins and any(len(each) for losses in chunk.sections.values() for each in losses.values()):
            log.resumes.append(chunk.clock())
    return log


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                if not text.endswith(b"\n"):
                    return  # a killed run, or one that writes right now
                yield number, parse(text, path)
    except FileNotFoundError as error:
        raise LogError(f"there is no loss log `{path}`") from error
    except OSError as error:
        raise LogError(f"the loss log `{path}` can't be read: {error.strerror}") from error
