"""The plain function of every type of schedule has the values of the schedule."""

import inspect
import random

import pytest

from lossspec.convert.python.plain import curves, ramps
from lossspec.convert.python.schedule import function_of
from lossspec.schedules import from_table
from lossspec.schedules.lookup import TYPES

INTERVAL = {"start": 3, "end": 13, "start_value": 2.0, "end_value": -1.0}
LINE = {"type": "linear", **INTERVAL}
TABLES = [
    {"type": "constant", "value": 2.5},
    LINE,
    {**LINE, "minimum": 0.5, "maximum": 1.5},
    {"type": "polynomial", **INTERVAL, "power": 2.5},
    {"type": "exponential", **INTERVAL, "end_value": 0.1},
    {"type": "cosine", **INTERVAL},
    {"type": "cosine", **INTERVAL, "exponent": 3},
    {"type": "exponential_decay", "start_value": 3.0, "rate": 0.5, "period": 2.5, "floor": 0.5},
    {"type": "exponential_decay", "start_value": -3.0, "rate": 0.5, "period": 2, "floor": -0.5, "start": 4},
    {"type": "exponential_decay", "start_value": 1.0, "rate": 2.0, "period": 0.001, "maximum": 9.0},
    {"type": "exponential_decay", "start_value": -1.0, "rate": 2.0, "period": 0.001, "minimum": -9.0},
    {"type": "exponential_decay", "start_value": 0.0, "rate": 2.0, "period": 0.001},
    {"type": "exponential_decay", "start_value": 3.0, "rate": 0.5, "period": 2.5, "staircase": True},
    {"type": "inverse_time", "start_value": 3.0, "rate": 0.5, "period": 2.5, "start": 1},
    {"type": "inverse_time", "start_value": 3.0, "rate": 0.5, "period": 0.1, "staircase": True},
    {"type": "inverse_sqrt", "start_value": 3.0, "period": 2.5, "start": 1},
    {"type": "step", "start_value": 3.0, "gamma": 0.5, "period": 0.7},
    {"type": "step", "start_value": 0.0, "gamma": 1e9, "period": 0.01},
    {"type": "multistep", "start_value": 3.0, "gamma": 0.5, "milestones": [2, 5, 5]},
    {"type": "piecewise_constant", "values": [1, 2, 0], "boundaries": [5, 9]},
    {"type": "piecewise", "points": [[2, 1.0], [5, 0.4], [9, 0.6]]},
    {"type": "piecewise", "points": [[2, 1.0], [5, 0.4], [9, 0.6]], "shape": "cosine"},
    {"type": "cosine_restarts", "start_value": 1.0, "end_value": 0.1, "period": 3, "cycles": 3},
    {
        "type": "cosine_restarts",
        "start_value": 1,
        "end_value": 0,
        "period": 0.7,
        "cycles": 4,
        "period_mult": 1.5,
        "peak_mult": 0.5,
    },
    {"type": "cyclical", **INTERVAL},
    {"type": "cyclical", **INTERVAL, "cycles": 3, "ratio": 1.0, "shape": "sigmoid"},
    {"type": "triangular", "low": 0.5, "high": 2.0, "up": 1.5, "down": 2.0},
    {"type": "triangular", "low": 0.5, "high": 2.0, "up": 0.1, "down": 0.2, "amplitude_mult": 0.9},
    {"type": "triangular", "low": 1.0, "high": 1.0, "up": 1, "down": 2, "amplitude_mult": 5},
    {"type": "sawtooth", "low": 0.5, "high": 2.0, "period": 0.3},
    {"type": "one_cycle", **INTERVAL, "peak_value": 5.0},
    {"type": "one_cycle", **INTERVAL, "peak_value": 5.0, "ratio": 0.5, "shape": "linear"},
    {"type": "warmup_stable_decay", "warmup": 3, "stable": 4, "decay": 5, "peak_value": 2.0},
    {"type": "warmup_stable_decay", "warmup": 0, "stable": 0, "decay": 5, "peak_value": 2, "shape": "1-sqrt"},
    {"type": "warmup_stable_decay", "warmup": 2, "stable": 1, "decay": 5, "peak_value": 2, "shape": "exp"},
    {"type": "linear", "start": 3, "start_value": 0.5, "slope": -0.1},
    {"type": "cosine_restarts", "start_value": 1.0, "end_value": 0.1, "period": 0.7, "peak_mult": 0.99},
    {"type": "cosine_restarts", "start_value": 1.0, "end_value": 0.1, "period": 0.7, "period_mult": 1.5},
    {"type": "tanh", **INTERVAL},
    {"type": "rampup", **INTERVAL},
    {"type": "logistic", "rate": 0.5, "midpoint": 7, "start_value": 0.0, "end_value": 3.0},
    {"type": "window", "value": 0.8, "start": 5},
    {"type": "window", "value": 0.8, "end": 5},
    {"type": "warmup", "over": 4, "then": LINE, "start_value": 0.3},
    {"type": "join", "schedules": [LINE, {"type": "constant", "value": 7.0}, LINE], "boundaries": [4, 8]},
    {"type": "product", "schedules": [LINE, {**LINE, "maximum": 1.0}, {"type": "constant", "value": 2.0}]},
]


def plain(table):
    """The exported function of a schedule."""
    lines = function_of(from_table({**table, "unit": "step"}), "weight", "the weight", {})
    namespace = {**vars(ramps), **vars(curves)}
    exec("\n".join(lines), namespace)
    return namespace["weight"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["type"])
def test_values(table):
    schedule, function = from_table(table), plain(table)
    dice = random.Random(0)
    positions = [each / 2 for each in range(41)] + [each / 10 for each in range(200)] + [1e6]
    positions += [dice.uniform(0, 20) for _ in range(200)]
    for t in positions:
        assert function(t) == pytest.approx(schedule(t), rel=1e-12, abs=1e-12), t


def test_every_type_has_one():
    assert {each["type"] for each in TABLES} == {*TYPES}


@pytest.mark.parametrize("name", [each for each in TYPES if each != "constant"])
def test_the_fields_and_defaults_are_those_of_the_schedule(name):
    home = ramps if hasattr(ramps, name) else curves
    parameters = inspect.signature(getattr(home, name)).parameters
    fields = {each.name: each for each in TYPES[name].__attrs_attrs__}
    shared = {"unit", "minimum", "maximum", "__call__", "floor"}
    assert parameters.keys() - {"t"} == fields.keys() - shared
    for key, parameter in parameters.items():
        if parameter.default is not parameter.empty and fields[key].default is not None:
            assert parameter.default == fields[key].default
