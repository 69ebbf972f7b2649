"""Writes the catalogue of schedules: the docstring of each type, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generate.docstrings import docstring
from docs.generate.drawing import drawing

from lossspec import schedules

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = "catalogue/schedules.md"
INTRODUCTION = """\
---
title: schedules
---

# Catalogue of schedules

Every type of schedule, with an example drawn over 100 epochs. [Schedules](../schedules.md) has the rules that
hold for all.
"""
_RAMP = {"start": 20, "end": 80, "start_value": 1.0, "end_value": 0.1}
_WAVE = {"start": 0, "end": 100, "start_value": 0.0, "end_value": 1.0}
_DOWN = {"type": "linear", "start": 0, "end": 40, "start_value": 1.0, "end_value": 0.2}

#: The example that is drawn for each type.
DRAWN: Mapping[str, Mapping[str, object]] = {
    "constant": {"value": 0.6},
    "cosine": _RAMP,
    "cosine_restarts": {"start_value": 1.0, "end_value": 0.0, "period": 25, "cycles": 4, "peak_mult": 0.8},
    "cyclical": _WAVE,
    "exponential": _RAMP,
    "exponential_decay": {"start_value": 1.0, "rate": 0.5, "period": 20},
    "inverse_sqrt": {"start_value": 1.0, "period": 10},
    "inverse_time": {"start_value": 1.0, "rate": 0.5, "period": 10},
    "join": {"schedules": [_DOWN, {"type": "constant", "value": 0.7}], "boundaries": [50]},
    "linear": _RAMP,
    "logistic": {"rate": 0.1, "midpoint": 50, "start_value": 0.0, "end_value": 1.0},
    "multistep": {"start_value": 1.0, "gamma": 0.5, "milestones": [30, 60, 80]},
    "one_cycle": {"start": 0, "end": 100, "start_value": 0.1, "peak_value": 1.0, "end_value": 0.0},
    "piecewise": {"points": [[0, 0.0], [30, 1.0], [60, 0.4], [100, 0.5]]},
    "piecewise_constant": {"values": [1.0, 0.4, 0.7], "boundaries": [30, 70]},
    "polynomial": {**_RAMP, "power": 3.0},
    "product": {"schedules": [_DOWN, {"type": "cyclical", **_WAVE}]},
    "rampup": {"start": 20, "end": 80, "start_value": 0.0, "end_value": 1.0},
    "sawtooth": {"low": 0.0, "high": 1.0, "period": 25},
    "step": {"start_value": 1.0, "gamma": 0.6, "period": 20},
    "tanh": {"start": 20, "end": 80, "start_value": 0.0, "end_value": 1.0},
    "triangular": {"low": 0.0, "high": 1.0, "up": 10, "down": 20, "amplitude_mult": 0.8},
    "warmup": {"over": 20, "then": {**_RAMP, "type": "cosine", "start": 0}},
    "warmup_stable_decay": {"warmup": 20, "stable": 40, "decay": 40, "peak_value": 1.0},
    "window": {"value": 1.0, "start": 30, "end": 70},
}


def pages() -> dict[str, str]:
    """Return the one page."""
    parts = [INTRODUCTION.strip()]
    for name, cls in sorted(schedules.TYPES.items()):
        parts += [
            f"## `{name}`",
            picture(name),
            docstring(cls.__doc__).replace("**Attributes**", "**Fields**"),
        ]
    return {PAGE: "\n\n".join(parts) + "\n"}


def picture(name: str) -> str:
    """Draw one schedule of a type over 100 epochs."""
    schedule = schedules.from_table({"type": name, **DRAWN[name]})
    return drawing([(epoch / 4, schedule(epoch / 4)) for epoch in range(401)], f"{name} over 100 epochs")
