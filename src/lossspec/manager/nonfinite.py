"""Finds values that are NaN or infinite, without a read of their own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.manager.history import EPOCH, RAW, STEP, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.manager.loss import LMLoss


def non_finite(losses: Iterable[LMLoss]) -> str:
    """Say which losses recorded a NaN or an infinite value, how often, and where first; "" if none did."""
    found = []
    for loss in losses:
        rows = loss.training.waiting
        bad = [index for index, value in enumerate(rows[RAW::WIDTH]) if not math.isfinite(value)]
        if bad:
            first = rows[bad[0] * WIDTH : (bad[0] + 1) * WIDTH]
            place = f"epoch {first[EPOCH]:g}, step {first[STEP]:g}"
            found.append(
                f"`{loss.name}` is {first[RAW]} ({len(bad)} of {len(rows) // WIDTH} values, first at {place})"
            )
    return "; ".join(found)
