"""Tries one input: what it raises, the time and the memory that it takes."""

from __future__ import annotations

import resource
import sys
import time
import traceback
import warnings
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import frozen
from tests.fuzz.inputs import Files, placed

from lossspec.registry import lookup as losses
from lossspec.schedules import lookup as schedules

if TYPE_CHECKING:
    import random

MAX_SECONDS = 2.0
MAX_MEGABYTES = 200
_NUMBERS = count()
ROOT = Path(__file__).parents[2]


class Part(Protocol):
    """A module of ``tests.fuzz.parts``: what is fuzzed."""

    def make(self, chance: random.Random) -> Files:
        """Return an input."""

    def check(self, folder: Path) -> None:
        """Use the files of a folder, the current one; raise what is a fault."""


@frozen
class Fault:
    """What is wrong with an input.

    Attributes:
        kind: what it has in common with the same fault of other inputs.
        text: all there is to say.
    """

    kind: str
    text: str


def part(name: str) -> Part:
    """Return a part by its name; one with a dot is a module of another place."""
    return import_module(name if "." in name else f"tests.fuzz.parts.{name}")  # type: ignore[return-value]


def check(name: str, files: Files, folder: Path) -> None:
    """Try an input in a folder of its own, and forget what it imported and registered.

    Raises:
        Exception: it is a fault.
    """
    tables = (losses.registered, schedules.REGISTERED)
    before = [dict(table) for table in tables]
    path, modules = list(sys.path), set(sys.modules)
    here = folder / f"input-{next(_NUMBERS)}"  # a new name, as caches go by the path
    try:
        with placed(files, here), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # ours
            part(name).check(here)
    finally:
        for table, entries in zip(tables, before, strict=True):
            table.clear()
            table.update(entries)
        sys.path[:] = path
        for module in sys.modules.keys() - modules:
            if str(getattr(sys.modules[module], "__file__", None)).startswith(str(folder)):
                del sys.modules[module]


def tried(name: str, files: Files, folder: Path) -> Fault | None:
    """Try an input; return its fault, if it has one."""
    peak, started = _megabytes(), time.process_time()
    try:
        check(name, files, folder)
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        return Fault(_kind(error), traceback.format_exc())
    took, more = time.process_time() - started, _megabytes() - peak
    if took > MAX_SECONDS:
        return Fault("slow", f"it took {took:.1f} s")
    if more > MAX_MEGABYTES:
        return Fault("large", f"it took {more:.0f} MB")
    return None


def _kind(error: BaseException) -> str:
    frames = [
        f"{Path(each.filename).stem}:{each.name}"
        for each in traceback.extract_tb(error.__traceback__)
        if Path(each.filename).is_relative_to(ROOT) and ".venv" not in each.filename
    ]
    said = str(error).partition("\n")[0][:30] if isinstance(error, AssertionError) else ""
    return " ".join([type(error).__name__, *frames[-2:], said]).strip()


def _megabytes() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
