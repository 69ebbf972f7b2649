"""Reads a loss log back: arrays by loss, resumed runs merged, a torn last line dropped."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attrs import define, field

from lossspec.errors import LogError
from lossspec.manager.log_file import parse
from lossspec.manager.log_format import FILE_NAME, FORMAT, numbers

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
    losses: dict[str, LossColumns] = field(factory=dict)
    validation: dict[str, LossColumns] = field(factory=dict)
    lost: dict[str, int] = field(factory=dict)
    resumes: list[tuple[float, int]] = field(factory=list)


def read_log(path: str | PathLike[str], digest: str | None = None) -> LossLogData:
    """Read a loss log.

    Args:
        path: the file, or the folder of the run.
        digest: refuse the log of a spec with another digest.

    Raises:
        LogError: it is missing, no loss log, of a newer format, or of another digest.
    """
    file = Path(path)
    file = file / FILE_NAME if file.is_dir() else file
    records = _records(file)
    header = next(records, None)
    if header is None:
        raise LogError(f"`{file}` holds nothing yet")
    if header["record"] != "header" or header.get("format") != FORMAT:
        raise LogError(f"`{file}` is no loss log in format {FORMAT}: its format is {header.get('format')!r}")
    if digest is not None and header.get("digest") != digest:
        raise LogError(
            f"`{file}` is the log of another spec: its digest is {header.get('digest')}, not {digest}"
        )
    log = LossLogData(file, header)
    chunks: list[dict[str, Any]] = []
    for record in records:
        if record["record"] == "chunk":
            chunks.append(dict(record))
        elif record["record"] == "resume":
            chunks = _superseded(chunks, cast("dict[str, Any]", record["after"]))
    for chunk in chunks:
        for name, count in chunk.get("lost", {}).items():
            log.lost[name] = log.lost.get(name, 0) + count
        for section, target in (("losses", log.losses), ("validation", log.validation)):
            for name, columns in chunk.get(section, {}).items():
                found = target.setdefault(name, LossColumns())
                for column, kind in COLUMNS.items():
                    values = numbers(columns[column], columns["rows"])
                    getattr(found, column).extend(array(kind, values))
    return log


def _superseded(chunks: list[dict[str, Any]], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Drop what a resumed run computes again."""
    if "chunk" in after:
        return [chunk for chunk in chunks if chunk["chunk"] < after["chunk"]]
    position = (after["epoch"], after["step"])
    for chunk in chunks:
        for section in ("losses", "validation"):
            for name, columns in list(chunk.get(section, {}).items()):
                chunk[section][name] = _before(columns, position)
    return chunks


def _before(columns: dict[str, Any], position: tuple[float, int]) -> dict[str, Any]:
    values = {column: numbers(columns[column], columns["rows"]) for column in COLUMNS}
    clock = list(zip(values["epoch"], values["step"], strict=True))
    keep = [index for index, at in enumerate(clock) if at < position]
    kept = {column: [column_values[index] for index in keep] for column, column_values in values.items()}
    return {"rows": len(keep), **kept}


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open("rb") as file:
            for text in file:
                if not text.endswith(b"\n"):
                    return  # a killed run, or one that writes right now
                yield parse(text, path)
    except FileNotFoundError as error:
        raise LogError(f"there is no loss log `{path}`") from error
    except OSError as error:
        raise LogError(f"the loss log `{path}` can't be read: {error.strerror}") from error
