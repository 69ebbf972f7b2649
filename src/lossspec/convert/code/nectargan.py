"""NectarGAN's own losses and schedules, as live objects; its package is not imported here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.convert.options import NotCarriedError, as_float
from lossspec.convert.peers.nectargan import IMAGE_LOSSES
from lossspec.names import type_name

if TYPE_CHECKING:
    from lossspec.convert.model import Table

#: Its modules by their path.
CLASSES = {
    f"nectargan.losses.losses.{name}": IMAGE_LOSSES[key][1]
    for name, key in (("Sobel", "sobel"), ("Laplacian", "laplacian"), ("VGGPerceptual", "vgg"))
}
#: The ``end_epoch`` of a schedule that stands for none.
_NEVER = 10_000_000
#: What its exponential puts in place of 0.
_EPSILON = 1e-9


def schedule_of(schedule: object) -> Table | None:
    """Return a ``Schedule`` of NectarGAN as a spec has it; None for none, or one at its defaults.

    A ``Schedule`` keeps its epochs less 1, and its trainer counts epochs from 1 where a spec counts from 0.
    It clamps at 0, which only a weight below 0 shows.

    Raises:
        NotCarriedError: it is a function of the user's, something else, or has a weight below 0.
    """
    if schedule is None:
        return None
    if not type(schedule).__module__.startswith("nectargan."):
        raise NotCarriedError(f"its schedule must be NectarGAN's or lossspec's, got {type_name(schedule)}")
    start, end = (_number(schedule, name) for name in ("start_epoch", "end_epoch"))
    if start == 0 and end == _NEVER:
        return None
    kind = getattr(schedule, "schedule", None)
    if kind not in ("linear", "exponential"):
        raise NotCarriedError(f"its schedule is {kind!r}: only linear and exponential ones are carried over")
    first, last = (_number(schedule, name) for name in ("initial_value", "target_value"))
    if not 0 <= min(first, last) <= max(first, last) < math.inf or not end > start:
        raise NotCarriedError(
            "its schedule ends before it begins, or has a value below 0, which NectarGAN clamps"
        )
    if kind == "exponential" and 0.0 in (first, last):
        first, last = max(first, _EPSILON), max(last, _EPSILON)
    return {
        "type": kind,
        "unit": "epoch",
        "start": start - 1,
        "end": end - 1,
        "start_value": first,
        "end_value": last,
    }


def _number(schedule: object, name: str) -> float:
    value = getattr(schedule, name, None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotCarriedError(f"its schedule's {name} must be a number")
    return as_float(value)
