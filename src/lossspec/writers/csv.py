"""Writes values to a CSV file, with the lines of ``lossspec log export --format csv``."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from lossspec.log.export import csv_lines
from lossspec.log.file import append
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from lossspec.log.points import SeriesPoint
    from lossspec.log.protocol import Run


class CsvWriter:
    """Appends a line for each point to a CSV file: one for each loss, section and position.

    The columns are those of ``lossspec log export --format csv``. The file has neither the formula nor the
    configuration. A resumed run appends to it, without the points that it has.

    Args:
        path: the file. Its folder is created if it is missing.

    Example:
        >>> from lossspec import LossManager
        >>> from lossspec.writers import CsvWriter
        >>> manager = LossManager.from_spec("beta_vae", writers=[CsvWriter("runs/1/losses.csv")])
    """

    whole = False

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = user_path(path)

    def begin(self, run: Run, *, resumes: bool) -> Mapping[str, float]:  # noqa: ARG002 - see the class
        """Write the header line of a new file; cut off what a killed process left of a line."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)
            if not whole:
                file.write(csv_lines([], head=True).encode())
        return self._last_positions() if resumes else {}

    def write(self, points: Sequence[SeriesPoint]) -> None:
        """Append the points of a flush."""
        append(self._path, csv_lines(points, head=False).encode())

    def close(self) -> None:
        """Do nothing: the file is only open while it is written."""

    def _last_positions(self) -> dict[str, float]:
        found: dict[str, float] = {}
        with self._path.open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                position = float(line["position"])
                found[line["section"]] = max(position, found.get(line["section"], position))
        return found
