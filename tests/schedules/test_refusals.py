"""Invalid schedules: the whole message, as an error of the constructor and as a fault with its path."""

from __future__ import annotations

import math

import pytest

from lossspec import schedules
from lossspec.faults import Fault
from lossspec.schedules import ScheduleError

RAMP = {"start": 0, "end": 10, "start_value": 1.0, "end_value": 0.5}
DECAY = {"start_value": 1.0, "rate": 0.5, "period": 3}
ONE = {"type": "constant", "value": 1.0}
TWO_POINTS = [[0, 1.0], [5, 2.0]]

# type, fields, code, path, message, help
REFUSALS = [
    # positions
    ("linear", {**RAMP, "end": 0}, "zero-length", ("end",),
     "`end` must be after `start` (0), got `0`",
     "move `end`, or use `piecewise_constant` for a jump"),
    ("cosine", {**RAMP, "start": 12.5}, "end-before-start", ("end",),
     "`end` must be after `start` (12.5), got `10`",
     "swap the two; `start_value` and `end_value` decide whether it rises or falls"),
    ("window", {"value": 1.0, "start": 7, "end": 7}, "zero-length", ("end",),
     "`end` must be after `start` (7), got `7`",
     "move `end`, or use `piecewise_constant` for a jump"),
    ("window", {"value": 1.0, "end": -1}, "end-before-start", ("end",),
     "`end` must be after `start` (0), got `-1`",
     "swap the two; `start_value` and `end_value` decide whether it rises or falls"),
    # exponentials
    ("exponential", {**RAMP, "end_value": 0}, "exponential-zero", ("end_value",),
     "`end_value` must not be 0: no ratio leads to or from 0",
     "use `linear` or `cosine` to reach 0, or write a small value instead"),
    ("exponential", {**RAMP, "start_value": 0.0}, "exponential-zero", ("start_value",),
     "`start_value` must not be 0: no ratio leads to or from 0",
     "use `linear` or `cosine` to reach 0, or write a small value instead"),
    ("exponential", {**RAMP, "end_value": -2}, "exponential-sign", ("end_value",),
     "`start_value` and `end_value` must have the same sign, got `1` and `-2`",
     "use `linear` or `cosine` to cross 0"),
    ("exponential_decay", {**DECAY, "rate": 0}, "out-of-range", ("rate",),
     "`rate` must be above 0, got `0`", ""),
    ("exponential_decay", {**DECAY, "rate": 1.5, "floor": 0.1}, "out-of-range", ("floor",),
     "`floor` needs a `rate` of at most 1, got `1.5`: the value grows", "use `maximum` to limit the growth"),
    ("exponential_decay", {**DECAY, "floor": 2}, "out-of-range", ("floor",),
     "`floor` must be between `start_value` (1) and 0, got `2`", ""),
    ("exponential_decay", {**DECAY, "floor": -0.1}, "out-of-range", ("floor",),
     "`floor` must be between `start_value` (1) and 0, got `-0.1`", ""),
    # bounds
    ("step", {"start_value": 1.0, "gamma": 0.5, "period": 0}, "out-of-range", ("period",),
     "`period` must be above 0, got `0`", ""),
    ("step", {"start_value": 1.0, "gamma": -0.5, "period": 1}, "out-of-range", ("gamma",),
     "`gamma` must be at least 0, got `-0.5`", ""),
    ("cyclical", {**RAMP, "ratio": 1.5}, "out-of-range", ("ratio",),
     "`ratio` must be at most 1, got `1.5`", ""),
    ("one_cycle", {**RAMP, "peak_value": 2, "ratio": 1}, "out-of-range", ("ratio",),
     "`ratio` must be below 1, got `1`", ""),
    ("cyclical", {**RAMP, "cycles": 2.5}, "wrong-type", ("cycles",),
     "`cycles` must be a whole number, got `2.5`", ""),
    ("constant", {"value": 1e-200}, "out-of-range", ("value",),
     "`value` must be 0 or at least 1e-100 in magnitude, got `1e-200`", ""),
    # other types
    ("constant", {"value": math.nan}, "not-finite", ("value",),
     "`value` must be a finite number of at most 1e100 in magnitude, got `nan`", ""),
    ("linear", {**RAMP, "end": math.inf}, "not-finite", ("end",),
     "`end` must be a finite number of at most 1e100 in magnitude, got `inf`", ""),
    ("constant", {"value": 10**400}, "not-finite", ("value",),
     f"`value` must be a finite number of at most 1e100 in magnitude, got `{str(10**400)[:57]}...`", ""),
    ("constant", {"value": "1.0"}, "wrong-type", ("value",),
     '`value` must be a number, got `"1.0"`', ""),
    ("constant", {"value": True}, "wrong-type", ("value",),
     "`value` must be a number, got `true`", ""),
    ("constant", {"value": None}, "wrong-type", ("value",),
     "`value` must be a number, got `None`", ""),
    ("exponential_decay", {**DECAY, "staircase": 1}, "wrong-type", ("staircase",),
     "`staircase` must be true or false, got `1`", ""),
    ("piecewise", {"points": TWO_POINTS, "shape": "cubic"}, "unknown-value", ("shape",),
     '`shape` must be one of `linear`, `cosine`, got `"cubic"`', ""),
    ("constant", {"value": 1, "unit": "iteration"}, "unknown-value", ("unit",),
     '`unit` must be one of `epoch`, `step`, `fraction`, got `"iteration"`', ""),
    # arrays
    ("multistep", {"start_value": 1.0, "gamma": 0.5, "milestones": []}, "wrong-length", ("milestones",),
     "`milestones` must have at least 1 value, got 0", "use `constant` instead"),
    ("multistep", {"start_value": 1.0, "gamma": 0.5, "milestones": [5, 3]}, "unordered", ("milestones", 1),
     "`milestones[1]` must be at least 5, the position before it, got `3`",
     "put `milestones` in rising order"),
    ("multistep", {"start_value": 1.0, "gamma": 1e99, "milestones": [1, 2, 3, 4]}, "out-of-range", ("gamma",),
     "`gamma` is too large: 4 milestones of factor 1e+99 exceed 1e300", "write a smaller factor"),
    ("multistep", {"start_value": 1.0, "gamma": 0.5, "milestones": 3}, "wrong-type", ("milestones",),
     "`milestones` must be an array, got `3`", ""),
    ("piecewise_constant", {"values": [1, 2, 3], "boundaries": [5]}, "wrong-length", ("boundaries",),
     "`boundaries` must have 2 positions for 3 `values`, got 1",
     "write the position where each of `values` except the first begins"),
    ("piecewise_constant", {"values": [1, 2, 3], "boundaries": [5, 5]}, "zero-length", ("boundaries", 1),
     "`boundaries[1]` repeats the position before it, 5",
     "remove one of the two, or move it; for a jump use `piecewise_constant` or `join`"),
    ("piecewise_constant", {"values": [1], "boundaries": [5]}, "wrong-length", ("values",),
     "`values` must have at least 2 values, got 1", "use `constant` instead"),
    ("piecewise_constant", {"values": [1, "2"], "boundaries": [5]}, "wrong-type", ("values", 1),
     '`values[1]` must be a number, got `"2"`', ""),
    ("piecewise", {"points": [[0, 1.0]]}, "wrong-length", ("points",),
     "`points` must have at least 2 values, got 1", "use `constant` instead"),
    ("piecewise", {"points": [[0, 1.0], [3]]}, "wrong-length", ("points", 1),
     "`points[1]` must have exactly 2 values, got 1", ""),
    ("piecewise", {"points": [[0, 1.0], [math.nan, 2.0]]}, "not-finite", ("points", 1, 0),
     "`points[1][0]` must be a finite number of at most 1e100 in magnitude, got `nan`", ""),
    ("piecewise", {"points": [[5, 1.0], [3, 2.0]]}, "unordered", ("points", 1, 0),
     "`points[1][0]` must be above 5, the position before it, got `3`", "put `points` in rising order"),
    ("piecewise", {"points": [[5, 1.0], [5, 2.0]]}, "zero-length", ("points", 1, 0),
     "`points[1][0]` repeats the position before it, 5",
     "remove one of the two, or move it; for a jump use `piecewise_constant` or `join`"),
    # compositions
    ("join", {"schedules": [ONE, ONE], "boundaries": [3, 6]}, "wrong-length", ("boundaries",),
     "`boundaries` must have 1 position for 2 `schedules`, got 2",
     "write the position where each of `schedules` except the first begins"),
    ("join", {"schedules": [ONE], "boundaries": [3]}, "wrong-length", ("schedules",),
     "`schedules` must have at least 2 values, got 1", ""),
    ("join", {"schedules": [ONE, ONE, ONE], "boundaries": [8, 4]}, "unordered", ("boundaries", 1),
     "`boundaries[1]` must be above 8, the position before it, got `4`", "put `boundaries` in rising order"),
    ("join", {"schedules": [ONE, ONE], "boundaries": [0]}, "out-of-range", ("boundaries", 0),
     "`boundaries[0]` must be above 0, got `0`", ""),
    ("join", {"schedules": [ONE, 2.0], "boundaries": [4]}, "wrong-type", ("schedules", 1),
     "`schedules[1]` must be a table, got `2`", "write a table with a `type`"),
    ("product", {"schedules": []}, "wrong-length", ("schedules",),
     "`schedules` must have at least 1 value, got 0", ""),
    ("warmup", {"over": 0, "then": ONE}, "out-of-range", ("over",),
     "`over` must be above 0, got `0`", ""),
    ("warmup", {"over": 3, "then": {**ONE, "value": math.inf}}, "not-finite", ("then", "value"),
     "`value` must be a finite number of at most 1e100 in magnitude, got `inf`", ""),
    # between fields
    ("constant", {"value": 1.0, "minimum": 2, "maximum": 1}, "crossed-clamps", ("minimum",),
     "`minimum` must be at most `maximum` (1), got `2`", "swap the two"),
    ("triangular", {"low": 2, "high": 1, "up": 1, "down": 1}, "unordered", ("high",),
     "`high` must be at least `low` (2), got `1`", "swap the two"),
    ("tanh", {**RAMP, "lower": 3, "upper": 3}, "unordered", ("upper",),
     "`upper` must be above `lower` (3), got `3`",
     "swap the two; `start_value` and `end_value` decide whether it rises or falls"),
    ("cosine_restarts", {"start_value": 1, "end_value": 0, "period": 1, "period_mult": 3, "cycles": 9999},
     "out-of-range", ("period_mult",),
     "`period_mult` is too large: 9999 cycles of factor 3 exceed 1e300",
     "write a smaller factor, or fewer `cycles`"),
    ("cosine_restarts", {"start_value": 1, "end_value": 0, "period": 1, "peak_mult": 2, "cycles": 9999},
     "out-of-range", ("peak_mult",),
     "`peak_mult` is too large: 9999 cycles of factor 2 exceed 1e300",
     "write a smaller factor, or fewer `cycles`"),
    # keys
    ("linear", {**RAMP, "strat": 3}, "unknown-key", ("strat",),
     "unknown key `strat` in a schedule of type `linear`", "a key with a similar name exists: `start`"),
    ("constant", {"value": 1, "gamma": 3}, "unknown-key", ("gamma",),
     "unknown key `gamma` in a schedule of type `constant`",
     "expected one of `unit`, `value`, `minimum`, `maximum`"),
    ("linear", {"start": 0, "end": 3}, "missing-key", (),
     "keys `start_value`, `end_value` are missing in a schedule of type `linear`",
     "add `start_value`, `end_value`"),
    ("linear", {"start": 0, "start_value": 1.0}, "missing-key", (),
     "keys `end`, `end_value` are missing in a schedule of type `linear`",
     "add `end`, `end_value`; `slope` can stand for `end`, `end_value`"),
    ("linear", {"start": 0, "slope": 2.0}, "missing-key", (),
     "key `start_value` is missing in a schedule of type `linear`", "add `start_value`"),
    ("linear", {"start": 0, "start_value": 1.0, "slope": 2.0, "end": 5}, "unknown-key", ("end",),
     "`slope` and `end` exclude each other",
     "`slope` stands for `end`, `end_value`: remove one or the other"),
    ("linear", {"start": 0, "start_value": 1.0, "slope": math.nan}, "not-finite", ("slope",),
     "`slope` must be a finite number of at most 1e100 in magnitude, got `nan`", ""),
    ("lineer", RAMP, "unknown-schedule", ("type",),
     "unknown schedule `lineer`", "a schedule with a similar name exists: `linear`"),
    (3, RAMP, "wrong-type", ("type",), "`type` must be a string, got `3`", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case[0]}-{case[2]}-{case[3]}")
def test_a_table_gets_one_fault_at_its_field(case):
    name, fields, code, path, message, help_ = case
    assert schedules.faults({"type": name, **fields}) == [Fault(code, message, path, help=help_)]


# A constructor does not get unknown keys, and its children are made before it.
BUILT = [
    case
    for case in REFUSALS
    if case[2] not in ("unknown-key", "missing-key", "unknown-schedule")
    and case[3] not in (("type",), ("then", "value"), ("schedules", 1))
]


@pytest.mark.parametrize("case", BUILT, ids=lambda case: f"{case[0]}-{case[2]}-{case[3]}")
def test_a_constructor_refuses_the_same(case):
    name, fields, _, path, message, help_ = case
    with pytest.raises(ScheduleError) as caught:
        getattr(schedules, name)(**{key: objects(value) for key, value in fields.items()})
    assert str(caught.value) == f"{name}: {message}{'; ' if help_ else ''}{help_}"
    assert [fault.path for fault in caught.value.faults] == [path]


def objects(value):
    if isinstance(value, dict):
        return schedules.from_table(value)
    return [objects(each) for each in value] if isinstance(value, list) else value


def test_a_constructor_refuses_a_number_for_a_schedule():
    with pytest.raises(ScheduleError) as caught:
        schedules.warmup(over=3, then=2.0)
    assert str(caught.value) == (
        'warmup: `then` must be a schedule, got `2`; a number is `{ type = "constant", value = 1.0 }`'
    )


def test_all_faults_of_a_table_come_in_reading_order():
    table = {
        "type": "join",
        "boundaries": [4, 2],
        "schedules": [
            {"type": "linear", **RAMP, "end": 0},
            {"type": "warmup", "over": -1, "then": {"type": "lineer"}},
            {"value": 1.0},
            {"type": "constant", "value": "1", "minimum": "0"},
        ],
    }
    assert [(fault.code, fault.path) for fault in schedules.faults(table)] == [
        ("zero-length", ("schedules", 0, "end")),
        ("unknown-schedule", ("schedules", 1, "then", "type")),
        ("out-of-range", ("schedules", 1, "over")),
        ("missing-key", ("schedules", 2)),
        ("wrong-type", ("schedules", 3, "value")),
        ("wrong-type", ("schedules", 3, "minimum")),
        ("wrong-length", ("boundaries",)),
        ("unordered", ("boundaries", 1)),
    ]
    with pytest.raises(ScheduleError) as caught:
        schedules.from_table(table)
    assert list(caught.value.faults) == schedules.faults(table)
    assert len(str(caught.value).splitlines()) == 8


def test_a_good_table_has_no_faults():
    assert schedules.faults({"type": "linear", **RAMP, "unit": "epoch"}) == []


@pytest.mark.parametrize("table", [3.0, "linear", None, []])
def test_another_type_than_a_table_is_a_fault(table):
    [fault] = schedules.faults(table)
    assert (fault.code, fault.path) == ("wrong-type", ())


def test_an_unknown_name_of_the_package_names_the_nearest():
    with pytest.raises(AttributeError, match="a name with a similar name exists: `linear`"):
        _ = schedules.lineer
