"""Times two functions side by side: interleaved in one process, so that a busy machine slows both."""

from __future__ import annotations

import compileall
import gc
from pathlib import Path
from statistics import median
from time import perf_counter
from timeit import Timer
from typing import TYPE_CHECKING

from attrs import frozen

import lossspec

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Ratio:
    """How much longer the first took than the second: the median round, and the quarters around it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:6.2f}  ({self.low:.2f} to {self.high:.2f})"


def ratio(
    a: Callable[[], object],
    b: Callable[[], object],
    rounds: int = 41,
    number: int = 1,
    clock: Callable[[], float] = perf_counter,
) -> Ratio:
    """Return the ratio of the time of ``a`` to that of ``b``, over rounds of ``number`` calls each.

    Who goes first alternates. The first round warms both up and isn't counted. On a machine that does other
    things, ``clock=time.thread_time`` leaves out the time in which they run, if all is done in one thread.
    """
    timers = Timer(a, timer=clock), Timer(b, timer=clock)
    ratios = []
    gc.collect()
    for turn in range(rounds + 1):
        order = (0, 1) if turn % 2 else (1, 0)
        seconds = {which: timers[which].timeit(number) for which in order}
        ratios.append(seconds[0] / seconds[1])
    counted = sorted(ratios[1:])
    return Ratio(median(counted), counted[len(counted) // 4], counted[-1 - len(counted) // 4])


def compile_package() -> None:
    """Write the bytecode of lossspec, before a cold start is timed.

    What pip installs is compiled. An editable install is not, and under ``PYTHONDONTWRITEBYTECODE`` it would
    be compiled anew at each start: a quarter of the time that validating a file takes.
    """
    compileall.compile_dir(Path(lossspec.__file__).parent, quiet=1)
    print("  (lossspec is compiled to bytecode first, as an installed package is)")
