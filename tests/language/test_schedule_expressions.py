"""Every number of every schedule may be an expression."""

import pytest

import lossspec
from lossspec.schedules import TYPES

RAMP = {"start": 20, "end": 80, "start_value": 1.0, "end_value": 0.5}
LINE = {"type": "linear", **RAMP}
TABLES = {
    "constant": {"value": 0.6},
    "linear": RAMP,
    "polynomial": {**RAMP, "power": 3.0},
    "exponential": RAMP,
    "cosine": {**RAMP, "exponent": 2.0},
    "exponential_decay": {"start_value": 1.0, "rate": 0.5, "period": 20.0, "start": 3, "floor": 0.5},
    "inverse_time": {"start_value": 1.0, "rate": 0.5, "period": 10.0, "start": 3},
    "inverse_sqrt": {"start_value": 1.0, "period": 10, "start": 3},
    "step": {"start_value": 1.0, "gamma": 0.5, "period": 20},
    "multistep": {"start_value": 1.0, "gamma": 0.5, "milestones": [30, 60.0, 80]},
    "piecewise_constant": {"values": [1.0, 0.5, 0.75], "boundaries": [30, 70]},
    "piecewise": {"points": [[0, 0.0], [30, 1.0], [60, 0.5]]},
    "cosine_restarts": {"start_value": 1.0, "end_value": 0.0, "period": 25, "cycles": 4, "peak_mult": 0.75},
    "cyclical": {**RAMP, "cycles": 3, "ratio": 0.5},
    "triangular": {"low": 0.0, "high": 1.0, "up": 10, "down": 20, "amplitude_mult": 0.5},
    "sawtooth": {"low": 0.0, "high": 1.0, "period": 25},
    "one_cycle": {**RAMP, "peak_value": 2.0, "ratio": 0.25},
    "warmup_stable_decay": {"warmup": 20, "stable": 40, "decay": 40, "peak_value": 1.0, "end_value": 0.5},
    "tanh": {**RAMP, "lower": -5.0, "upper": 2.0},
    "rampup": RAMP,
    "logistic": {"rate": 0.5, "midpoint": 50, "start_value": 0.0, "end_value": 1.0},
    "window": {"value": 1.0, "start": 30, "end": 70},
    "warmup": {"over": 20, "then": LINE, "start_value": 0.25},
    "join": {"schedules": [LINE, {"type": "constant", "value": 0.75}], "boundaries": [50]},
    "product": {"schedules": [LINE, LINE]},
}
CASES = [*TABLES.items(), ("linear", {"start": 20, "start_value": 0.5, "slope": 0.125})]


def spec(weight, **params):
    loss = {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": weight}
    return {"format": 1, "losses": {"a": loss}} | ({"params": params} if params else {})


def as_expressions(value):
    """Replace each number by one that a parameter takes part in: half of it, twice."""
    if isinstance(value, dict):
        return {key: as_expressions(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_expressions(each) for each in value]
    return value if isinstance(value, str) else f"${{(3 - one) * {value / 2}}}"


def test_every_type_is_here():
    assert {*TABLES} == {*TYPES}


@pytest.mark.parametrize(("name", "fields"), CASES, ids=[name for name, _ in CASES])
def test_a_number_of_a_schedule_may_be_an_expression(name, fields):
    clamps = {"minimum": -8.0, "maximum": 8.0}
    written = {"type": name, "unit": "epoch", **fields, **clamps}
    filled = lossspec.spec(lambda: spec(written))
    computed = lossspec.spec(lambda: spec(as_expressions(written), one=1))
    assert lossspec.load(computed).digest == lossspec.load(filled).digest
