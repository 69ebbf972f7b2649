"""The columns of a loss in a log, and the chunk of a flush, read strictly from its record."""

from __future__ import annotations

from array import array
from contextlib import suppress
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from lossspec.log.format import NON_FINITE, sections_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.log.reading.lineage import Lineage

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


#: More rows than a line of this many letters can hold, if their columns are not lists, are damage.
_ROWS_WITHOUT_LISTS = 1_000_000


class DamagedError(ValueError):
    """A record of a log does not have the shape of its kind; the message says where."""


@frozen
class LoggedProbe:
    """What ``probe_every`` found at one step.

    Attributes:
        objective: the objective.
        epoch: the epoch of the clock.
        step: the step of the clock.
        shares: for each term, its share of the total and of the gradient.
        cosines: for each two terms, the cosine between their gradients; None if one has no gradient.
    """

    objective: str
    epoch: float
    step: int
    shares: Mapping[str, tuple[float, float]]
    cosines: Mapping[tuple[str, str], float | None]


@define
class Chunk:
    """The rows of one flush; ``resumes`` if it is the first of a resumed run."""

    number: int
    sections: dict[str, dict[str, LossColumns]]
    totals: dict[str, dict[str, LossColumns]]
    lost: dict[str, int]
    resumes: bool
    probes: list[LoggedProbe] = field(factory=list)

    def position(self) -> tuple[float, int]:
        """Return the epoch and step of the first row."""
        firsts = [each for section in self.sections.values() for each in section.values() if len(each)]
        return min((each.epoch[0], each.step[0]) for each in firsts)


def read_chunk(record: Mapping[str, Any], *, resumes: bool) -> Chunk:
    """Return the chunk of a record.

    Raises:
        DamagedError: it is not one.
    """
    written = _number(record.get("time", 0.0), "time")
    table(record.get("sections", {}), "sections")
    sections, totals = (
        {
            section: {
                name: _columns(table(columns, f"{section}.{name}"), written, f"{section}.{name}")
                for name, columns in table(losses, section).items()
            }
            for section, losses in found.items()
        }
        for found in (sections_of(record), table(record.get("totals", {}), "totals"))
    )
    lost = table(record.get("lost", {}), "lost")
    counts = {name: count(each, f"lost.{name}") for name, each in lost.items()}
    probes = record.get("probes", [])
    if not isinstance(probes, list):
        raise DamagedError(f"`probes` must be an array, got {_short(probes)}")
    number = count(record.get("chunk"), "chunk")
    return Chunk(number, sections, totals, counts, resumes, [_probe(each) for each in probes])


def _probe(record: object) -> LoggedProbe:
    found = table(record, "probes")
    objective = found.get("objective")
    if not isinstance(objective, str):
        raise DamagedError(f"`probes.objective` must be a string, got {_short(objective)}")
    shares = {
        name: (_share(each, "share"), _share(each, "gradient_share"))
        for name, each in table(found.get("terms"), "probes.terms").items()
    }
    cosines: dict[tuple[str, str], float | None] = {}
    given = found.get("cosines")
    for each in given if isinstance(given, list) else [given]:
        named = table(each, "probes.cosines")
        terms, cosine = named.get("terms"), named.get("cosine")
        if not isinstance(terms, list) or len(terms) != 2 or not set(map(str, terms)) <= shares.keys():
            raise DamagedError(f"`probes.cosines.terms` must name two terms, got {_short(terms)}")
        pair = str(terms[0]), str(terms[1])
        cosines[pair] = None if cosine is None else _number(cosine, "probes.cosines.cosine")
    step = count(found.get("step"), "probes.step")
    return LoggedProbe(objective, _number(found.get("epoch"), "probes.epoch"), step, shares, cosines)


def _share(term: object, name: str) -> float:
    """Return a share of a term; one that is not finite is null."""
    share = table(term, "probes.terms").get(name)
    return nan if share is None else _number(share, f"probes.terms.{name}")


def resume(lineage: Lineage[Chunk], after: object) -> None:
    """Go back to where a resumed run continued.

    Raises:
        DamagedError: it does not say where.
    """
    found = table(after, "after")
    if "chunk" in found:
        lineage.resume_after(count(found["chunk"], "after.chunk"))
    else:
        epoch = _number(found.get("epoch"), "after.epoch")
        lineage.resume_at((epoch, count(found.get("step"), "after.step")))


def table(value: object, where: str) -> Mapping[str, Any]:
    """Return a value that must be a table."""
    if not isinstance(value, dict):
        raise DamagedError(f"`{where}` must be a table, got {_short(value)}")
    return value


def count(value: object, where: str) -> int:
    """Return a value that must be a whole number of at least 0."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise DamagedError(f"`{where}` must be a whole number of at least 0, got {_short(value)}")
    return value


def _number(value: object, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise DamagedError(f"`{where}` must be a number, got {_short(value)}")
    return float(value) if abs(value) < _LARGEST else float("inf")


_LARGEST = float.fromhex("0x1.fffffffffffffp1023")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 40 else f"{text[:36]} ..."


def _columns(columns: Mapping[str, Any], written: float, where: str) -> LossColumns:
    rows = count(columns.get("rows"), f"{where}.rows")
    given = {"batch_size": 1, "age": 0.0, **columns}
    lists = [each for each in given.values() if isinstance(each, list)]
    if rows > _ROWS_WITHOUT_LISTS and not any(len(each) == rows for each in lists):
        raise DamagedError(f"`{where}.rows` must be the length of the columns, got {rows}")
    ages = _column("d", given["age"], rows, f"{where}.age")
    found: dict[str, Any] = {"time": array("d", [round(written - age, 3) for age in ages])}
    for name, kind in COLUMNS.items():
        if name != "time":
            if name not in given:
                raise DamagedError(f"`{where}.{name}` is missing")
            found[name] = _column(kind, given[name], rows, f"{where}.{name}")
    for name in ("time", "epoch"):  # the values may be NaN or infinite, where they stand may not
        if not isfinite(sum(found[name])):
            raise DamagedError(f"`{where}.{name}` must hold finite numbers")
    sizes = found["batch_size"]
    if not isfinite(sum(sizes)) or min(sizes, default=0) < 0:
        raise DamagedError(f"`{where}.batch_size` must hold finite numbers of at least 0")
    return LossColumns(**found)


def _column(kind: str, column: object, rows: int, where: str) -> array[Any]:
    """Return a column, a list or one value for all rows, as an array."""
    values = column if isinstance(column, list) else [column]
    found: array[Any] | None = None
    with suppress(TypeError, OverflowError):  # a value that is not finite is a string
        found = array(kind, values)
    if found is None:
        try:
            found = array(kind, [NON_FINITE[each] if isinstance(each, str) else each for each in values])
        except (KeyError, TypeError, OverflowError):
            wanted = "whole numbers" if kind == "q" else "numbers"
            raise DamagedError(f"`{where}` must hold {wanted}, got {_short(column)}") from None
    if not isinstance(column, list):
        return found * rows
    if len(found) != rows:
        raise DamagedError(f"`{where}` must hold {rows} values, got {len(found)}")
    return found
