"""The schedules with a beginning and an end as plain functions; an exported module holds those that it uses.

Each is what ``lossspec.schedules`` calls by the same name: ``t`` first, then the fields of the table, with
their defaults. An exported module gets the text of a function, so none refers to anything but ``math``,
``bisect_right``, and functions of this package.
"""

import math
from bisect import bisect_right


def linear(
    t: float,
    *,
    start: float,
    start_value: float,
    end: float = math.inf,
    end_value: float = 0.0,
    slope: float | None = None,
) -> float:
    """A straight line from one value to another, or without end."""
    if t <= start:
        return start_value
    if slope is not None:
        return start_value + slope * (t - start)
    if t >= end:
        return end_value
    return start_value + (end_value - start_value) * ((t - start) / (end - start))


def polynomial(
    t: float, *, start: float, end: float, start_value: float, end_value: float, power: float
) -> float:
    """A power of the part of the way that is left."""
    if t <= start:
        return start_value
    if t >= end:
        return end_value
    return end_value + (start_value - end_value) * math.pow(1.0 - (t - start) / (end - start), power)


def exponential(t: float, *, start: float, end: float, start_value: float, end_value: float) -> float:
    """A geometric way between two values: equal times, equal ratios."""
    if t <= start:
        return start_value
    if t >= end:
        return end_value
    return start_value * math.pow(end_value / start_value, (t - start) / (end - start))


def cosine(
    t: float, *, start: float, end: float, start_value: float, end_value: float, exponent: float = 1.0
) -> float:
    """Half a cosine wave from one value to another: slow, fast, slow."""
    if t <= start:
        return start_value
    if t >= end:
        return end_value
    wave = 0.5 + 0.5 * math.cos(math.pi * ((t - start) / (end - start)))
    return end_value + (start_value - end_value) * math.pow(wave, exponent)


def tanh(
    t: float,
    *,
    start: float,
    end: float,
    start_value: float,
    end_value: float,
    lower: float = -7.0,
    upper: float = 3.0,
) -> float:
    """A stretch of the hyperbolic tangent from one value to another."""
    if t < start:
        return start_value
    if t >= end:
        return end_value
    bend = math.tanh(lower + (upper - lower) * ((t - start) / (end - start)))
    return end_value + 0.5 * (start_value - end_value) * (1.0 - bend)


def rampup(t: float, *, start: float, end: float, start_value: float, end_value: float) -> float:
    """The Gaussian ramp of the mean teacher."""
    if t < start:
        return start_value
    if t >= end:
        return end_value
    left = 1.0 - (t - start) / (end - start)
    return start_value + (end_value - start_value) * math.exp(-5.0 * left * left)


def piecewise(t: float, *, points: list[tuple[float, float]], shape: str = "linear") -> float:
    """A line through points, straight or by half cosine waves between them."""
    positions = [position for position, _ in points]
    (_, first), (_, last) = points[0], points[-1]
    if t <= positions[0]:
        return first
    if t >= positions[-1]:
        return last
    here = bisect_right(positions, t)
    (before, low), (after, high) = points[here - 1], points[here]
    return low + (high - low) * shaped((t - before) / (after - before), shape)


def cyclical(
    t: float,
    *,
    start: float,
    end: float,
    start_value: float,
    end_value: float,
    cycles: int = 4,
    ratio: float = 0.5,
    shape: str = "linear",
) -> float:
    """A ramp and a plateau, again and again."""
    if t <= start:
        return start_value
    if t >= end:
        return end_value
    turn = (t - start) / (end - start) * cycles % 1.0
    if turn >= 1.0 - 1e-9:  # a float's breadth before the next cycle
        return start_value
    return (
        start_value + (end_value - start_value) * shaped(turn / ratio, shape) if turn < ratio else end_value
    )


def one_cycle(
    t: float,
    *,
    start: float,
    end: float,
    start_value: float,
    end_value: float,
    peak_value: float,
    ratio: float = 0.3,
    shape: str = "cosine",
) -> float:
    """Up to a peak and down again, once."""
    if t <= start:
        return start_value
    if t >= end:
        return end_value
    part = (t - start) / (end - start)
    if part < ratio:
        return start_value + (peak_value - start_value) * shaped(part / ratio, shape)
    return peak_value + (end_value - peak_value) * shaped((part - ratio) / (1.0 - ratio), shape)


def warmup_stable_decay(
    t: float,
    *,
    warmup: float,
    stable: float,
    decay: float,
    peak_value: float,
    start_value: float = 0.0,
    end_value: float = 0.0,
    shape: str = "cosine",
) -> float:
    """A straight line up, a plateau, and a way down."""
    turn = warmup + stable
    if t <= 0.0:
        return start_value if warmup > 0.0 or t < 0.0 else peak_value
    if t < warmup:
        return start_value + (peak_value - start_value) * (t / warmup)
    if t < turn:
        return peak_value
    if t < turn + decay:
        return peak_value + (end_value - peak_value) * shaped((t - turn) / decay, shape)
    return end_value


def shaped(part: float, shape: str) -> float:
    """Return how far a ramp is when this part of it is over; both go from 0 to 1."""
    if shape == "cosine":
        return 0.5 - 0.5 * math.cos(math.pi * part)
    if shape == "sigmoid":
        return 0.5 + 0.5 / math.tanh(3.0) * math.tanh(6.0 * part - 3.0)
    if shape == "1-sqrt":
        return math.sqrt(part)
    return (1.0 - math.pow(0.1, part)) / 0.9 if shape == "exp" else part
