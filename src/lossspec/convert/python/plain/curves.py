"""The schedules that never end, jump, or are made of others, as plain functions: see ``ramps``."""

import math
from bisect import bisect_right
from collections.abc import Callable


def constant(t: float, *, value: float) -> float:  # noqa: ARG001 - every schedule takes t
    """The same value always."""
    return value


def window(t: float, *, value: float, start: float = 0.0, end: float = math.inf) -> float:
    """A value from `start` until `end`, and 0 outside."""
    return value if start <= t < end else 0.0


def piecewise_constant(t: float, *, values: list[float], boundaries: list[float]) -> float:
    """One value after another; a boundary belongs to the value that begins there."""
    return values[bisect_right(boundaries, t)]


def multistep(t: float, *, start_value: float, gamma: float, milestones: list[float]) -> float:
    """A factor at every milestone."""
    return start_value * gamma ** bisect_right(milestones, t) if start_value else 0.0


def step(t: float, *, start_value: float, gamma: float, period: float) -> float:
    """A factor at every full period."""
    return start_value * power(gamma, max((t / period + 1e-9) // 1.0, 0.0)) if start_value else 0.0


def exponential_decay(
    t: float, *, start_value: float, rate: float, period: float, start: float = 0.0, staircase: bool = False
) -> float:
    """A rate that is applied once a period."""
    periods = max((t - start) / period, 0.0)
    if staircase:
        periods = (periods + 1e-9) // 1.0
    return start_value * power(rate, periods) if start_value else 0.0


def inverse_time(
    t: float, *, start_value: float, rate: float, period: float, start: float = 0.0, staircase: bool = False
) -> float:
    """One over the time that has passed."""
    periods = max((t - start) / period, 0.0)
    if staircase:
        periods = (periods + 1e-9) // 1.0
    return start_value / (1.0 + rate * periods)


def inverse_sqrt(t: float, *, start_value: float, period: float, start: float = 0.0) -> float:
    """One over the square root of the time that has passed."""
    return start_value / math.sqrt(1.0 + max((t - start) / period, 0.0))


def logistic(t: float, *, rate: float, midpoint: float, start_value: float, end_value: float) -> float:
    """The logistic curve from one value to another."""
    middle, half = 0.5 * (start_value + end_value), 0.5 * (end_value - start_value)
    return middle + half * math.tanh(0.5 * rate * (t - midpoint))


def cosine_restarts(
    t: float,
    *,
    start_value: float,
    end_value: float,
    period: float,
    cycles: int | None = None,
    period_mult: float = 1.0,
    peak_mult: float = 1.0,
) -> float:
    """Half a cosine wave, again and again, each from its own peak."""
    if t <= 0.0:
        return start_value
    last = math.inf if cycles is None else cycles - 1.0
    cycle = min((t / period + 1e-9) // 1.0, last) if period_mult == 1.0 else 0.0
    begin, length = cycle * period, period
    while t - begin >= (1.0 - 1e-9) * length and cycle < last:
        begin, length, cycle = begin + length, length * period_mult, cycle + 1.0
    if t >= begin + length:
        return end_value
    peak = start_value * power(peak_mult, cycle) if start_value else 0.0
    return end_value + (peak - end_value) * (0.5 + 0.5 * math.cos(math.pi * (t - begin) / length))


def triangular(
    t: float, *, low: float, high: float, up: float, down: float, amplitude_mult: float = 1.0
) -> float:
    """A straight line up and a straight line down, for ever."""
    if t <= 0.0 or high == low:
        return low
    turns, rise = t / (up + down), up / (up + down)
    turn = turns % 1.0
    if turn >= 1.0 - 1e-9:  # a float's breadth before the next cycle
        return low
    swing = (high - low) * power(amplitude_mult, (turns + 1e-9) // 1.0)
    return low + swing * (turn / rise if turn < rise else (1.0 - turn) / (1.0 - rise))


def sawtooth(t: float, *, low: float, high: float, period: float) -> float:
    """A straight line up and a jump down, for ever."""
    turn = t / period % 1.0
    return low + (high - low) * turn if t > 0.0 and turn < 1.0 - 1e-9 else low


def warmup(t: float, *, over: float, then: Callable[[float], float], start_value: float = 0.0) -> float:
    """A straight line up to where another schedule begins, then that schedule."""
    if t <= 0.0:
        return start_value
    if t < over:
        return start_value + (then(0.0) - start_value) * (t / over)
    return then(t - over)


def join(t: float, *, schedules: list[Callable[[float], float]], boundaries: list[float]) -> float:
    """One schedule after another, each with its own clock."""
    turn = bisect_right(boundaries, t)
    return schedules[turn](t - ([0.0, *boundaries])[turn])


def product(t: float, *, schedules: list[Callable[[float], float]]) -> float:
    """Schedules multiplied with one another."""
    return math.prod(schedule(t) for schedule in schedules)


def power(base: float, exponent: float) -> float:
    """Return the power, infinite where it is beyond all floats."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
