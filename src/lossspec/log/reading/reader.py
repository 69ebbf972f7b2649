"""Reads a loss log: arrays by loss, resumed runs merged, a torn last line dropped."""

from __future__ import annotations

import json
import warnings
from array import array
from itertools import compress
from os.path import isdir
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field

from lossspec.errors import LogError, UnknownNameError
from lossspec.log.file import parse
from lossspec.log.format import FILE_NAME, FORMAT
from lossspec.log.reading.columns import (
    COLUMNS,
    Chunk,
    DamagedError,
    LoggedProbe,
    LossColumns,
    count,
    read_chunk,
    resume,
    table,
)
from lossspec.log.reading.lineage import Lineage
from lossspec.names import unknown
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from pathlib import Path

    from lossspec.log.format import Position


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
        damaged: what is wrong with each line that was left out, by its number.
        probes: what ``probe_every`` found, oldest first.
    """

    path: Path
    header: Mapping[str, Any]
    losses: dict[str, LossColumns] = field(factory=Losses)
    validations: dict[str, dict[str, LossColumns]] = field(factory=dict)
    totals: dict[str, dict[str, LossColumns]] = field(factory=dict)
    lost: dict[str, int] = field(factory=dict)
    resumes: list[tuple[float, int]] = field(factory=list)
    damaged: dict[int, str] = field(factory=dict)
    probes: list[LoggedProbe] = field(factory=list)

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


def read_log(path: str | PathLike[str], digest: str | None = None) -> LossLogData:
    """Read a loss log.

    A torn last line, as a killed run leaves, is dropped. Where a run was resumed, the values that it computed
    again replace the earlier ones. A damaged line within the log is left out, with a warning that names it.

    Args:
        path: the file, or the folder of the run.
        digest: the digest that the log must have, if given.

    Raises:
        LogError: the file is missing, not a loss log, has a damaged header, or another format or digest.
    """
    file = user_path(path)
    is_folder = isdir(file)  # noqa: PTH112 - Path.is_dir raises for a name that is too long
    file = file / FILE_NAME if is_folder else file
    records = _records(file)
    number, header = next(records, (0, None))
    if header is None:
        raise LogError(f"`{file}` is empty")
    if header["record"] != "header" or header.get("format") != FORMAT:
        raise LogError(f"`{file}` must be a loss log in format {FORMAT}, got format {header.get('format')!r}")
    if digest is not None and header.get("digest") != digest:
        found = header.get("digest")
        raise LogError(f"`{file}` is the log of another spec: expected digest {digest}, got {found}")
    try:
        _check_header(header)
    except DamagedError as error:
        raise LogError(f"{file}:1: the log is damaged: {error}") from None
    log = LossLogData(file, header)
    lineage: Lineage[Chunk] = Lineage()
    resumes = False
    for number, record in records:
        try:
            resumes = _add(lineage, record, resumes=resumes)
        except DamagedError as error:
            log.damaged[number] = str(error)
    if log.damaged:
        _warn_of_damage(log)
    chunks = [chunk if cut is None else _cut(chunk, cut) for chunk, cut in lineage.flushes()]
    return _joined(log, chunks)


def _add(lineage: Lineage[Chunk], record: Mapping[str, Any] | None, *, resumes: bool) -> bool:
    """Add a record to the lineage; return whether the next chunk is the first of a resumed run."""
    if record is None:
        raise DamagedError("it is not a record")
    if record["record"] == "chunk":
        chunk = read_chunk(record, resumes=resumes)
        lineage.add(chunk.number, chunk)
        return False
    if record["record"] == "resume":
        resume(lineage, record.get("after"))
        return True
    return resumes


#: Where the dates of Python end.
_END_OF_TIME = 253_402_300_800


def _check_header(header: Mapping[str, Any]) -> None:
    """Check the members of a header that readers use, and that all of it is strict JSON."""
    try:
        json.dumps(header, allow_nan=False)
    except ValueError:
        raise DamagedError("the header must have no NaN and no infinity") from None
    for name, each in table(header.get("losses", {}), "losses").items():
        tags = table(each, f"losses.{name}").get("tags", [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise DamagedError(f"`losses.{name}.tags` must be an array of strings")
        _check_text(each.get("objective"), f"losses.{name}.objective")
    for name in ("spec", "digest", "device"):
        _check_text(header.get(name), name)
    for name in ("params", "versions"):
        table(header.get(name, {}), name)
    if header.get("document") is not None:
        table(header["document"], "document")
    if not isinstance(time := header.get("time", 0.0), int | float) or not 0 <= time < _END_OF_TIME:
        raise DamagedError("`time` must be a number of seconds since 1970, before the year 10000")
    count(header.get("ranks", 1), "ranks")


def _check_text(value: object, where: str) -> None:
    if not (value is None or isinstance(value, str)):
        raise DamagedError(f"`{where}` must be a string or null")


def _warn_of_damage(log: LossLogData) -> None:
    number, problem = next(iter(log.damaged.items()))
    lines = "a damaged line is" if len(log.damaged) == 1 else f"{len(log.damaged)} damaged lines are"
    warnings.warn(f"{log.path}:{number}: {problem}; {lines} left out", RuntimeWarning, stacklevel=3)


def _cut(chunk: Chunk, position: Position) -> Chunk:
    """Return a chunk without the rows that a resumed run computed again."""
    sections, totals = (
        {
            section: {name: _before(columns, position) for name, columns in losses.items()}
            for section, losses in found.items()
        }
        for found in (chunk.sections, chunk.totals)
    )
    probes = [each for each in chunk.probes if (each.epoch, each.step) < position]
    return evolve(chunk, sections=sections, totals=totals, probes=probes)


def _before(columns: LossColumns, position: tuple[float, int]) -> LossColumns:
    keep = [at < position for at in zip(columns.epoch, columns.step, strict=True)]
    if all(keep):
        return columns
    kept = {name: compress(getattr(columns, name), keep) for name in COLUMNS}
    found: dict[str, Any] = {name: array(COLUMNS[name], values) for name, values in kept.items()}
    return LossColumns(**found)


def _joined(log: LossLogData, chunks: list[Chunk]) -> LossLogData:
    for chunk in chunks:
        log.probes += chunk.probes
        for name, lost in chunk.lost.items():
            log.lost[name] = log.lost.get(name, 0) + lost
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


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                if not text.endswith(b"\n"):
                    return  # torn by a killed run, or still being written
                if number == 1:
                    yield number, parse(text, path)
                else:
                    try:
                        yield number, parse(text, path)
                    except LogError:
                        yield number, None
    except FileNotFoundError as error:
        expected = f"expected the folder of a run, as in `experiment_dir`, or its {FILE_NAME}"
        raise LogError(f"the loss log `{path}` is missing: {expected}") from error
    except OSError as error:
        raise LogError(f"cannot read the loss log `{path}`: {error.strerror}") from error
