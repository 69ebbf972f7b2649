"""Writes values to TensorBoard: an event file with the tags of ``lossspec log export``."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

from lossspec.log.tensorboard import SUFFIX, EventFile, check_installed, last_positions
from lossspec.paths import user_path
from lossspec.writers.config import config_of, formula_of, toml_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from lossspec.log.points import SeriesPoint
    from lossspec.log.protocol import Run


class TensorBoardWriter:
    """Writes an event file directly in a folder.

    The tags are ``raw/TERM``, ``weight/TERM``, ``weighted/TERM`` and ``total/OBJECTIVE``, with the prefix
    ``SECTION/`` for validation sections. The formula is the text ``lossspec/formula``, and the resolved spec
    with its digest ``lossspec/spec``. A resumed run adds a file, without the points that the folder has.

    Args:
        folder: the folder, created if it is missing.

    Raises:
        MissingExtraError: tensorboard is not installed.

    Example:
        >>> from lossspec import LossManager
        >>> from lossspec.writers import TensorBoardWriter
        >>> manager = LossManager.from_spec("beta_vae", writers=[TensorBoardWriter("runs/1/events")])
    """

    whole = True

    def __init__(self, folder: str | PathLike[str]) -> None:
        check_installed()
        self._folder = user_path(folder)
        self._file: EventFile | None = None

    def begin(self, run: Run, *, resumes: bool) -> Mapping[str, float]:
        """Make the file, and write the formula and the spec."""
        there = last_positions(self._folder) if resumes else {}
        self._folder.mkdir(parents=True, exist_ok=True)
        time = float(str(run.header()["time"]))
        name = f"events.out.tfevents.{int(time):010d}.{os.getpid()}"
        names = (f"{name}.{number}{SUFFIX}" for number in count())
        free = next(self._folder / each for each in names if not (self._folder / each).exists())
        self._file = EventFile(free, time)
        self._file.write_texts(_texts(run), time)
        return there

    def write(self, points: Sequence[SeriesPoint]) -> None:
        """Append the values of a flush."""
        if self._file is not None:
            self._file.write(points)

    def close(self) -> None:
        """Do nothing: the file is only open while it is written."""


def _texts(run: Run) -> list[tuple[str, str]]:
    """Return the texts of a run in Markdown, by tag."""
    formula, toml = formula_of(run), toml_of(run)
    if formula is None or toml is None:
        return []
    about = config_of(run)
    spec = f"`{about['spec']}`, digest `{about['digest']}`\n\n```toml\n{toml}```\n"
    return [("lossspec/formula", f"```\n{formula}\n```\n"), ("lossspec/spec", spec)]
