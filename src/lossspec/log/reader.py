"""Reads a loss log: arrays by loss, resumed runs merged, a torn last line dropped."""

from __future__ import annotations

from array import array
from contextlib import suppress
from itertools import compress
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field

from lossspec.errors import LogError, UnknownNameError
from lossspec.log.file import parse
from lossspec.log.format import FILE_NAME, FORMAT, numbers, sections_of
from lossspec.log.lineage import Lineage
from lossspec.names import unknown
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from pathlib import Path

    from lossspec.log.format import Position

#: The columns of a loss, and the array type of each.
COLUMNS = {
    "raw": "f",
    "term_weight": "d",
    "objective_weight": "d",
    "weighted": "f",
    "epoch": "d",
    "step": "q",
    "batch_size": "q",
    "time": "d",
}


@define
class LossColumns:
    """The values of one loss, oldest first; all columns have the same length.

    Attributes:
        raw: the mean of the raw result.
        term_weight: the term weight, with the gain of ``every``.
        objective_weight: the objective weight.
        weighted: the product of the three.
        epoch: the epoch of the clock.
        step: the step of the clock.
        batch_size: the number of samples of the call; 1 if unknown, or in a log of an earlier version.
        time: when it was recorded, in seconds since 1970, to a millisecond; in a log of an earlier version,
            when it was written.
    """

    raw: array[float] = field(factory=lambda: array("f"))
    term_weight: array[float] = field(factory=lambda: array("d"))
    objective_weight: array[float] = field(factory=lambda: array("d"))
    weighted: array[float] = field(factory=lambda: array("f"))
    epoch: array[float] = field(factory=lambda: array("d"))
    step: array[int] = field(factory=lambda: array("q"))
    batch_size: array[int] = field(factory=lambda: array("q"))
    time: array[float] = field(factory=lambda: array("d"))

    def __attrs_post_init__(self) -> None:
        if not self.batch_size:
            self.batch_size = array("q", [1]) * len(self)
        if not self.time:
            self.time = array("d", [0.0]) * len(self)

    def __len__(self) -> int:
        return len(self.raw)


class NotInLogError(UnknownNameError, KeyError):
    """A loss that is not in the log; a ``KeyError`` too, since it is raised by a dict."""

    __str__ = Exception.__str__  # a KeyError shows the repr of its message


class Losses(dict[str, LossColumns]):
    """Columns by loss."""

    def __missing__(self, name: str) -> LossColumns:
        raise NotInLogError(unknown("loss", name, self, " in the log"))


@define
class LossLogData:
    """The contents of a log.

    Attributes:
        path: the file.
        header: the first record: spec, digest, versions, device, losses.
        losses: the training values by loss.
        validations: the values recorded within ``validating(name)``, by section, then by loss.
        totals: the totals by section, "training" first, then by objective: ``weighted`` is the total, ``raw``
            the sum before the objective weight. A log of an earlier version has none.
        lost: how many values of each loss were dropped, by loss.
        resumes: the (epoch, step) at which the run was resumed.
    """

    path: Path
    header: Mapping[str, Any]
    losses: dict[str, LossColumns] = field(factory=Losses)
    validations: dict[str, dict[str, LossColumns]] = field(factory=dict)
    totals: dict[str, dict[str, LossColumns]] = field(factory=dict)
    lost: dict[str, int] = field(factory=dict)
    resumes: list[tuple[float, int]] = field(factory=list)

    @property
    def validation(self) -> dict[str, LossColumns]:
        """The values recorded within ``validating()`` without a name, by loss."""
        return self.validations.get("validation", Losses())

    def sections(self) -> dict[str, dict[str, LossColumns]]:
        """Return the values by section, "training" first, then by loss."""
        return {"training": self.losses, **self.validations}

    def totals_of(self, section: str) -> dict[str, LossColumns]:
        """Return the totals of a section, under names that no loss can have, such as ``total/G``."""
        return {f"total/{name}": columns for name, columns in self.totals.get(section, {}).items()}


@define
class _Chunk:
    """The rows of one flush; ``resumes`` if it is the first of a resumed run."""

    number: int
    sections: dict[str, dict[str, LossColumns]]
    totals: dict[str, dict[str, LossColumns]]
    lost: dict[str, int]
    resumes: bool

    def position(self) -> tuple[float, int]:
        """Return the epoch and step of the first row."""
        firsts = [each for section in self.sections.values() for each in section.values() if len(each)]
        return min((each.epoch[0], each.step[0]) for each in firsts)


def read_log(path: str | PathLike[str], digest: str | None = None) -> LossLogData:
    """Read a loss log.

    A torn last line, as a killed run leaves, is dropped. Where a run was resumed, the values that it computed
    again replace the earlier ones.

    Args:
        path: the file, or the folder of the run.
        digest: the digest that the log must have, if given.

    Raises:
        LogError: the file is missing, damaged, not a loss log, or has another format or digest.
    """
    file = user_path(path)
    file = file / FILE_NAME if file.is_dir() else file
    records = _records(file)
    number, header = next(records, (0, None))
    if header is None:
        raise LogError(f"`{file}` is empty")
    if header["record"] != "header" or header.get("format") != FORMAT:
        raise LogError(f"`{file}` must be a loss log in format {FORMAT}, got format {header.get('format')!r}")
    if digest is not None and header.get("digest") != digest:
        found = header.get("digest")
        raise LogError(f"`{file}` is the log of another spec: expected digest {digest}, got {found}")
    lineage: Lineage[_Chunk] = Lineage()
    resumes = False
    for number, record in records:
        try:
            if record["record"] == "chunk":
                chunk = _chunk(record, resumes=resumes)
                lineage.add(chunk.number, chunk)
                resumes = False
            elif record["record"] == "resume":
                _resume(lineage, record["after"])
                resumes = True
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise LogError(f"{file}:{number}: the log is damaged: {error!r}") from error
    chunks = [chunk if cut is None else _cut(chunk, cut) for chunk, cut in lineage.flushes()]
    return _joined(LossLogData(file, header), chunks)


def _chunk(record: Mapping[str, Any], *, resumes: bool) -> _Chunk:
    written = record.get("time", 0.0)
    sections, totals = (
        {
            section: {name: _columns(columns, written) for name, columns in losses.items()}
            for section, losses in found.items()
        }
        for found in (sections_of(record), record.get("totals", {}))
    )
    return _Chunk(record["chunk"], sections, totals, record.get("lost", {}), resumes)


def _columns(columns: Mapping[str, Any], written: float) -> LossColumns:
    rows = columns["rows"]
    ages = numbers(columns.get("age", 0.0), rows)
    columns = {"batch_size": 1, **columns, "time": [round(written - age, 3) for age in ages]}
    found: dict[str, Any] = {name: _column(kind, columns[name], rows) for name, kind in COLUMNS.items()}
    if any(len(values) != rows for values in found.values()):
        raise ValueError(f"columns of {rows} rows differ in length")
    return LossColumns(**found)


def _column(kind: str, column: object, rows: int) -> array[Any]:
    """Return a column, a list or one value for all rows, as an array."""
    if not isinstance(column, list):
        return array(kind, numbers(column, 1)) * rows
    with suppress(TypeError):  # a value that is not finite is a string
        return array(kind, column)
    return array(kind, numbers(column, rows))


def _resume(lineage: Lineage[_Chunk], after: Mapping[str, Any]) -> None:
    if "chunk" in after:
        lineage.resume_after(after["chunk"])
    else:
        lineage.resume_at((after["epoch"], after["step"]))


def _cut(chunk: _Chunk, position: Position) -> _Chunk:
    """Return a chunk without the rows that a resumed run computed again."""
    sections, totals = (
        {
            section: {name: _before(columns, position) for name, columns in losses.items()}
            for section, losses in found.items()
        }
        for found in (chunk.sections, chunk.totals)
    )
    return evolve(chunk, sections=sections, totals=totals)


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
        for section, losses in chunk.sections.items():
            if losses:
                _extend(
                    log.losses if section == "losses" else log.validations.setdefault(section, Losses()),
                    losses,
                )
        for section, losses in chunk.totals.items():
            _extend(log.totals.setdefault(section, Losses()), losses)
        if chunk.resumes and any(len(each) for losses in chunk.sections.values() for each in losses.values()):
            log.resumes.append(chunk.position())
    return log


def _extend(target: dict[str, LossColumns], losses: Mapping[str, LossColumns]) -> None:
    for name, columns in losses.items():
        found = target.setdefault(name, LossColumns())
        for column in COLUMNS:
            getattr(found, column).extend(getattr(columns, column))


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                if not text.endswith(b"\n"):
                    return  # torn by a killed run, or still being written
                yield number, parse(text, path)
    except FileNotFoundError as error:
        raise LogError(f"the loss log `{path}` is missing") from error
    except OSError as error:
        raise LogError(f"cannot read the loss log `{path}`: {error.strerror}") from error
