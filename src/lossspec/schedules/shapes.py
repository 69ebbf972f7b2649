"""The shapes of ramps: functions from the completed part of a ramp, 0 to 1, to its value, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sqrt, tanh
from math import pow as power_of  # always a float, where `**` can be complex

Shape = Callable[[float], float]


def linear(part: float) -> float:
    """A straight line."""
    return part


def cosine(part: float) -> float:
    """Half a cosine wave: slow, fast, slow."""
    return 0.5 - 0.5 * cos(pi * part)


def sigmoid(part: float) -> float:
    """A logistic curve on [-6, 6], stretched to reach 0 and 1.

    The plain curve goes from 0.0025 to 0.9975. ``tanh(x / 2)`` is ``2 / (1 + exp(-x)) - 1``.
    """
    return 0.5 + _STRETCH * tanh(6.0 * part - 3.0)


def root(part: float) -> float:
    """The square root: fast, then slow. The decay is named "1-sqrt", after the part that is left."""
    return sqrt(part)


def exponential(part: float) -> float:
    """The exponential decay to a tenth, stretched to reach 1: fast, then slow."""
    return (1.0 - power_of(0.1, part)) / 0.9


_STRETCH = 0.5 / tanh(3.0)

SHAPES: dict[str, Shape] = {
    "linear": linear,
    "cosine": cosine,
    "sigmoid": sigmoid,
    "1-sqrt": root,
    "exp": exponential,
}
