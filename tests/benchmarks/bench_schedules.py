"""A schedule at a new t, against the same formula as a bare Python function: at most 3x."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

from tests.benchmarks.paired import Ratio, ratio

from lossspec import schedules as s

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.schedules import Function

GOAL = 3.0
POSITIONS = [0.37 * turn for turn in range(600)]  # 0 to 222: before, inside and after most of them
SPAN = {"start": 20, "end": 180, "start_value": 100.0, "end_value": 1.0}
BOUNDARIES = [20.0, 80.0, 180.0]
HEIGHTS = [1.0, 0.5, 0.25, 0.125]
POINTS = [20.0, 80.0, 180.0]
BEGINS = [0.0, 10.0, 30.0, 70.0]

# What one writes by hand for one term: the numbers stand in the formula, nothing is checked, and a branch
# is taken where it is quicker than `min` and `max`.


def constant(t: float) -> float:
    return 2.5


def linear(t: float) -> float:
    if t <= 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    return 100.0 + (1.0 - 100.0) * (t - 20.0) / 160.0


def polynomial(t: float) -> float:
    if t <= 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    return 1.0 + (100.0 - 1.0) * (1.0 - (t - 20.0) / 160.0) ** 1.5


def exponential(t: float) -> float:
    if t <= 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    return 100.0 * 0.01 ** ((t - 20.0) / 160.0)


def cosine(t: float) -> float:
    if t <= 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    return 1.0 + (100.0 - 1.0) * 0.5 * (1.0 + math.cos(math.pi * (t - 20.0) / 160.0))


def exponential_decay(t: float) -> float:
    return 1.0 * 0.9 ** (t / 7.0)


def step(t: float) -> float:
    return 1.0 * 0.5 ** (t // 30.0)


def multistep(t: float) -> float:
    return 1.0 * 0.5 ** bisect_right(BOUNDARIES, t)


def piecewise_constant(t: float) -> float:
    return HEIGHTS[bisect_right(BOUNDARIES, t)]


def piecewise(t: float) -> float:
    if t <= 20.0:
        return 1.0
    if t >= 180.0:
        return 0.25
    here = bisect_right(POINTS, t)
    part = (t - POINTS[here - 1]) / (POINTS[here] - POINTS[here - 1])
    return HEIGHTS[here - 1] + (HEIGHTS[here] - HEIGHTS[here - 1]) * part


def cosine_restarts(t: float) -> float:
    if t >= 150.0:
        return 0.0
    here = bisect_right(BEGINS, t) - 1
    return 0.5 + 0.5 * math.cos(math.pi * (t - BEGINS[here]) / (10.0 * 2.0**here))


def cyclical(t: float) -> float:
    if t <= 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    part = (t - 20.0) * 4.0 / 160.0 % 1.0
    return 1.0 if part >= 0.5 else 100.0 + (1.0 - 100.0) * part / 0.5


def triangular(t: float) -> float:
    passed = t % 30.0
    return passed / 10.0 if passed < 10.0 else (30.0 - passed) / 20.0


def sawtooth(t: float) -> float:
    return t / 30.0 % 1.0


def one_cycle(t: float) -> float:
    if t <= 20.0:
        return 0.0
    if t < 68.0:
        return 0.5 - 0.5 * math.cos(math.pi * (t - 20.0) / 48.0)
    if t < 180.0:
        return 1.0 - (1.0 - 0.1) * (0.5 - 0.5 * math.cos(math.pi * (t - 68.0) / 112.0))
    return 0.1


def warmup_stable_decay(t: float) -> float:
    if t < 20.0:
        return t / 20.0
    if t < 120.0:
        return 1.0
    if t < 180.0:
        return 0.5 + 0.5 * math.cos(math.pi * (t - 120.0) / 60.0)
    return 0.0


def inverse_time(t: float) -> float:
    return 1.0 / (1.0 + 0.5 * t / 7.0)


def inverse_sqrt(t: float) -> float:
    return 1.0 / math.sqrt(1.0 + t / 7.0)


def tanh(t: float) -> float:
    if t < 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    return 1.0 + (100.0 - 1.0) * 0.5 * (1.0 - math.tanh(-7.0 + 10.0 * (t - 20.0) / 160.0))


def rampup(t: float) -> float:
    if t < 20.0:
        return 100.0
    if t >= 180.0:
        return 1.0
    return 100.0 + (1.0 - 100.0) * math.exp(-5.0 * (1.0 - (t - 20.0) / 160.0) ** 2)


def logistic(t: float) -> float:
    return 1.0 / (1.0 + math.exp(-0.1 * (t - 100.0)))


def window(t: float) -> float:
    return 0.5 if 20.0 <= t < 180.0 else 0.0


def warmup(t: float) -> float:
    return t / 20.0 * 100.0 if t < 20.0 else linear(t - 20.0)


def join(t: float) -> float:
    if t < 80.0:
        return linear(t)
    return cosine(t - 80.0)


def product(t: float) -> float:
    return linear(t) * cosine(t)


LINE, WAVE = s.linear(**SPAN), s.cosine(**SPAN)
PAIRS: list[tuple[Callable[[float], float], Function]] = [
    (linear, LINE),
    (polynomial, s.polynomial(**SPAN, power=1.5)),
    (exponential, s.exponential(**SPAN)),
    (cosine, WAVE),
    (exponential_decay, s.exponential_decay(start_value=1.0, rate=0.9, period=7)),
    (step, s.step(start_value=1.0, gamma=0.5, period=30)),
    (multistep, s.multistep(start_value=1.0, gamma=0.5, milestones=BOUNDARIES)),
    (piecewise_constant, s.piecewise_constant(values=HEIGHTS, boundaries=BOUNDARIES)),
    (piecewise, s.piecewise(points=list(zip(POINTS, HEIGHTS, strict=False)))),
    (cosine_restarts, s.cosine_restarts(start_value=1.0, end_value=0.0, period=10, period_mult=2, cycles=4)),
    (cyclical, s.cyclical(**SPAN)),
    (triangular, s.triangular(low=0.0, high=1.0, up=10, down=20)),
    (sawtooth, s.sawtooth(low=0.0, high=1.0, period=30)),
    (one_cycle, s.one_cycle(start=20, end=180, start_value=0.0, peak_value=1.0, end_value=0.1)),
    (warmup_stable_decay, s.warmup_stable_decay(warmup=20, stable=100, decay=60, peak_value=1.0)),
    (inverse_time, s.inverse_time(start_value=1.0, rate=0.5, period=7)),
    (inverse_sqrt, s.inverse_sqrt(start_value=1.0, period=7)),
    (tanh, s.tanh(**SPAN)),
    (rampup, s.rampup(**SPAN)),
    (logistic, s.logistic(rate=0.1, midpoint=100, start_value=0.0, end_value=1.0)),
    (window, s.window(value=0.5, start=20, end=180)),
    (warmup, s.warmup(over=20, then=LINE)),
    (join, s.join(schedules=[LINE, WAVE], boundaries=[80])),
    (product, s.product(schedules=[LINE, WAVE])),
]


def over_the_run(function: Callable[[float], float]) -> Callable[[], object]:
    """Return a loop that calls the function at every position.

    Each loop is compiled on its own: one that called several functions would specialise for none.
    """
    space: dict[str, object] = {"function": function, "positions": POSITIONS}
    exec("def run():\n    for t in positions:\n        function(t)", space)
    return space["run"]  # type: ignore[return-value]


def main() -> bool:
    """Print the ratios, and say whether each is within the goal."""
    print(f"A schedule at a new t / the same formula as a bare function (goal: at most {GOAL:g}x)")
    print("median of interleaved rounds, and the quarters around it")
    print(f"  {'':24}{'schedule(t)':26}its function, schedule.__call__, bound once")
    good = True
    print(f"  {'(bare / bare)':24}{compare(linear, linear)}")
    still = s.constant(value=2.5)
    print(f"  {'(no formula: constant)':24}{compare(still, constant)}    {compare(still.__call__, constant)}")
    for bare, schedule in PAIRS:
        assert all(math.isclose(schedule(t), bare(t), rel_tol=1e-9, abs_tol=1e-9) for t in POSITIONS)
        found = compare(schedule, bare)
        good &= found.median <= GOAL
        verdict = "" if found.median <= GOAL else "  over the goal"
        print(f"  {bare.__name__:24}{found}    {compare(schedule.__call__, bare)}{verdict}")
    return good


def compare(schedule: Function, bare: Callable[[float], float]) -> Ratio:
    return ratio(over_the_run(schedule), over_the_run(bare), rounds=61, number=2)


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
