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
    """How much longer the first took than the second: the median round, and the quarters around it.

    ``host`` is the ratio of what the calls took until they returned, with work left on a device.
    """

    median: float
    low: float
    high: float
    host: float

    def __str__(self) -> str:
        return f"{self.median:6.2f}  ({self.low:.2f} to {self.high:.2f})"


def ratio(
    a: Callable[[], object],
    b: Callable[[], object],
    rounds: int = 41,
    number: int = 1,
    *,
    clock: Callable[[], float] = perf_counter,
    wait: Callable[[], object] | None = None,
) -> Ratio:
    """Return the ratio of the time of ``a`` to that of ``b``, over rounds of ``number`` calls each.

    Who goes first alternates. The first round warms both up and isn't counted. On a machine that does other
    things, ``clock=time.thread_time`` leaves out the time in which they run, if all is done in one thread.

    On a device that runs beside the host, ``wait`` waits for it. It is called before and after the calls of a
    round, not between them: they queue up as in a training loop, and count until the device is done.
    """
    timers = Timer(a, timer=clock), Timer(b, timer=clock)
    ratios, on_host = [], []
    gc.collect()
    for turn in range(rounds + 1):
        order = (0, 1) if turn % 2 else (1, 0)
        seconds = {which: _seconds(timers[which], number, clock, wait) for which in order}
        ratios.append(seconds[0][0] / seconds[1][0])
        on_host.append(seconds[0][1] / seconds[1][1])
    counted = sorted(ratios[1:])
    quarter = len(counted) // 4
    return Ratio(median(counted), counted[quarter], counted[-1 - quarter], median(on_host[1:]))


def _seconds(
    timer: Timer, number: int, clock: Callable[[], float], wait: Callable[[], object] | None
) -> tuple[float, float]:
    """Return what some calls took, and the part of it until the last one returned."""
    if wait is None:
        host = timer.timeit(number)
        return host, host
    wait()
    start = clock()
    host = timer.timeit(number)
    wait()
    return clock() - start, host


def compile_package() -> None:
    """Write the bytecode of lossspec, before a cold start is timed.

    What pip installs is compiled. An editable install is not, and under ``PYTHONDONTWRITEBYTECODE`` it would
    be compiled anew at each start: a quarter of the time that validating a file takes.
    """
    compileall.compile_dir(Path(lossspec.__file__).parent, quiet=1)
    print("  (lossspec is compiled to bytecode first, as an installed package is)")
