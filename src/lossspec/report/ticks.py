"""Round numbers for the ticks of an axis."""

from __future__ import annotations

import math


def ticks(low: float, high: float, about: int) -> list[float]:
    """Return round numbers within an interval, at equal distances.

    Args:
        low: where it begins.
        high: where it ends, above ``low``.
        about: how many there may be, at most.

    >>> ticks(0, 199, 5), ticks(0.0, 0.5, 6)
    ([0.0, 50.0, 100.0, 150.0], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    """
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < about:
            break
    return [round(index * step, 12) for index in range(first, last + 1)]
