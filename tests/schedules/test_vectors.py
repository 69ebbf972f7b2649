"""Every reference value, each computed with the library that its row names, to 1e-9 (keras: 1e-6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lossspec import schedules
from lossspec.schedules import from_table

VECTORS = json.loads((Path(__file__).parent / "schedule_vectors.json").read_text(encoding="utf-8"))["vectors"]

# The rows use neutral names. A field of theirs that is only named otherwise here is renamed.
RENAMED = {"from_": "start_value", "to": "end_value", "every": "period", "total": "end"}
NAMED = {  # of one type, by its canonical name
    "exponential_decay": {"value": "start_value"},
    "step": {"value": "start_value"},
    "multistep": {"value": "start_value"},
    "inverse_time": {"value": "start_value"},
    "wsd": {"floor": "end_value", "decay_shape": "shape"},
    "tanh": {"lb": "lower", "ub": "upper"},
}
TYPES = {"piecewise_linear": "piecewise", "wsd": "warmup_stable_decay"}


def ours(row: dict) -> dict:
    """Return our table for a canonical one."""
    row = dict(row)
    kind = row.pop("type")
    if kind in SAID_OTHERWISE:
        return SAID_OTHERWISE[kind](row)
    if "schedules" in row:
        row["schedules"] = [ours(each) for each in row["schedules"]]
    names = {**RENAMED, **NAMED.get(kind, {})}
    return {"type": TYPES.get(kind, kind), **{names.get(key, key): value for key, value in row.items()}}


def cosine_periodic(row: dict) -> dict:
    """torch rises again after its end, and ours holds: the rise is points joined by half waves."""
    half = row["half_period"]
    points = [[turn * half, row["to"] if turn % 2 else row["from_"]] for turn in range(4)]
    return {"type": "piecewise", "shape": "cosine", "points": points}


def onecycle(row: dict) -> dict:
    """torch arrives at step total - 1 with its peak at pct * total - 1: ours arrives at `end`."""
    end = row["total"] - 1
    first = row["peak"] / row["div"]
    return {
        "type": "one_cycle",
        "start": 0,
        "end": end,
        "ratio": (row["pct_start"] * row["total"] - 1) / end,
        "start_value": first,
        "peak_value": row["peak"],
        "end_value": first / row["final_div"],
        "shape": row["shape"],
    }


def inverse_sqrt(row: dict) -> dict:
    """Transformers warms up inside its schedule, and ours in a schedule of its own."""
    then = {"type": "inverse_sqrt", "start_value": 1.0, "period": row["timescale"]}
    return {"type": "warmup", "over": row["warmup"], "then": then}


def dann(row: dict) -> dict:
    """2 / (1 + exp(-g p)) - 1 is the upper half of a logistic curve from -1 to 1."""
    return {
        "type": "logistic",
        "rate": row["gamma"] / (row["end"] - row["start"]),
        "midpoint": row["start"],
        "start_value": -row["to"],
        "end_value": row["to"],
    }


SAID_OTHERWISE = {
    "cosine_periodic": cosine_periodic,
    "onecycle": onecycle,
    "inverse_sqrt": inverse_sqrt,
    "dann": dann,
    "piecewise_cosine": lambda row: {"type": "piecewise", "shape": "cosine", **row},
}
# What a row leaves to its library's defaults, which are not ours, or says in its call and not in its table.
GIVEN = {"wsd": {"start_value": 0.1, "peak_value": 1.0}}  # min_lr_ratio is where it starts, too


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_values_are_those_of_the_peer(vector):
    schedule = from_table({**ours(vector["canonical"]), **GIVEN.get(vector["canonical"]["type"], {})})
    tolerance = 1e-6 if vector["peer"] == "keras" else 1e-9  # keras computes in float32
    got = [schedule(t) for t in vector["steps"]]
    assert got == pytest.approx(vector["values"], rel=0, abs=tolerance)
    assert all(type(value) is float for value in got)


def test_no_vector_is_missing():
    assert len(VECTORS) == 37


@pytest.mark.parametrize("mult", [1, 2, 3])
def test_endless_restarts_are_those_of_torch(mult):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    peer = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=7, T_mult=mult, eta_min=0.1)
    schedule = schedules.cosine_restarts(start_value=1.0, end_value=0.1, period=7, period_mult=mult)
    for t in (*range(120), 1_000, 99_999, 1_000_000):
        peer.step(t)
        assert schedule(t) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-6 if t > 1_000 else 1e-9)
