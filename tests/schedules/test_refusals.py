"""What is refused, with the whole message: by the constructors, and as faults with the path of the field."""

from __future__ import annotations

import math

import pytest

from lossspec import schedules
from lossspec.schedules import ScheduleError, ScheduleFault

RAMP = {"start": 0, "end": 10, "start_value": 1.0, "end_value": 0.5}
DECAY = {"start_value": 1.0, "rate": 0.5, "period": 3}
ONE = {"type": "constant", "value": 1.0}
TWO_POINTS = [[0, 1.0], [5, 2.0]]

# type, fields, code, path, message, help
REFUSALS = [
    # positions
    ("linear", {**RAMP, "end": 0}, "zero-length", ("end",),
     "`end` is 0, the same as `start`: a schedule of no length",
     "move `end` behind `start`, or use `piecewise_constant` for a jump"),
    ("cosine", {**RAMP, "start": 12.5}, "end-before-start", ("end",),
     "`end` is 10, before `start`, which is 12.5",
     "swap the two; `start_value` and `end_value` say whether it rises or falls"),
    ("window", {"value": 1.0, "start": 7, "end": 7}, "zero-length", ("end",),
     "`end` is 7, the same as `start`: a schedule of no length",
     "move `end` behind `start`, or use `piecewise_constant` for a jump"),
    ("window", {"value": 1.0, "end": -1}, "end-before-start", ("end",),
     "`end` is -1, before `start`, which is 0",
     "swap the two; `start_value` and `end_value` say whether it rises or falls"),
    # exponentials
    ("exponential", {**RAMP, "end_value": 0}, "exponential-zero", ("end_value",),
     "`end_value` is 0, which no ratio leads to or from",
     "use `linear` or `cosine` to reach 0, or give a small value in its place"),
    ("exponential", {**RAMP, "start_value": 0.0}, "exponential-zero", ("start_value",),
     "`start_value` is 0, which no ratio leads to or from",
     "use `linear` or `cosine` to reach 0, or give a small value in its place"),
    ("exponential", {**RAMP, "end_value": -2}, "exponential-sign", ("end_value",),
     "`start_value` is 1 and `end_value` -2: an exponential doesn't cross 0",
     "use `linear` or `cosine`, or give two values of one sign"),
    ("exponential_decay", {**DECAY, "rate": 0}, "out-of-range", ("rate",),
     "`rate` is 0", "it must be above 0"),
    ("exponential_decay", {**DECAY, "rate": 1.5, "floor": 0.1}, "out-of-range", ("floor",),
     "`floor` is 0.1, but `rate` is 1.5: it grows", "use `maximum` to end a growth"),
    ("exponential_decay", {**DECAY, "floor": 2}, "out-of-range", ("floor",),
     "`floor` is 2, not on the way from `start_value`, 1, to 0", "write a value between 1 and 0"),
    ("exponential_decay", {**DECAY, "floor": -0.1}, "out-of-range", ("floor",),
     "`floor` is -0.1, not on the way from `start_value`, 1, to 0", "write a value between 1 and 0"),
    # bounds
    ("step", {"start_value": 1.0, "gamma": 0.5, "period": 0}, "out-of-range", ("period",),
     "`period` is 0", "it must be above 0"),
    ("step", {"start_value": 1.0, "gamma": -0.5, "period": 1}, "out-of-range", ("gamma",),
     "`gamma` is -0.5", "it must be at least 0"),
    ("cyclical", {**RAMP, "ratio": 1.5}, "out-of-range", ("ratio",),
     "`ratio` is 1.5", "it must be at most 1"),
    ("one_cycle", {**RAMP, "peak_value": 2, "ratio": 1}, "out-of-range", ("ratio",),
     "`ratio` is 1", "it must be below 1"),
    ("cyclical", {**RAMP, "cycles": 2.5}, "wrong-type", ("cycles",),
     "`cycles` is 2.5, not a whole number", "write a whole number"),
    ("constant", {"value": 1e-200}, "out-of-range", ("value",),
     "`value` is 1e-200", "write 0, or a number of at least 1e-100"),
    # what isn't a number
    ("constant", {"value": math.nan}, "not-finite", ("value",),
     "`value` is nan", "write a finite number, at most 1e100"),
    ("linear", {**RAMP, "end": math.inf}, "not-finite", ("end",),
     "`end` is inf", "write a finite number, at most 1e100"),
    ("constant", {"value": 10**400}, "not-finite", ("value",),
     f"`value` is {str(10**400)[:57]}...", "write a finite number, at most 1e100"),
    ("constant", {"value": "1.0"}, "wrong-type", ("value",),
     '`value` is "1.0", not a number', "write a number"),
    ("constant", {"value": True}, "wrong-type", ("value",),
     "`value` is true, not a number", "write a number"),
    ("constant", {"value": None}, "wrong-type", ("value",),
     "`value` is None, not a number", "write a number"),
    ("exponential_decay", {**DECAY, "staircase": 1}, "wrong-type", ("staircase",),
     "`staircase` is 1", "write true or false"),
    ("piecewise", {"points": TWO_POINTS, "shape": "cubic"}, "unknown-value", ("shape",),
     '`shape` is "cubic"', 'write "linear" or "cosine"'),
    ("constant", {"value": 1, "unit": "iteration"}, "unknown-value", ("unit",),
     '`unit` is "iteration"', 'write "epoch" or "step" or "fraction"'),
    # arrays
    ("multistep", {"start_value": 1.0, "gamma": 0.5, "milestones": []}, "wrong-length", ("milestones",),
     "`milestones` has 0 values", "it takes at least 1: for less, use `constant`"),
    ("multistep", {"start_value": 1.0, "gamma": 0.5, "milestones": [5, 3]}, "unordered", ("milestones", 1),
     "`milestones[1]` is 3, after 5", "put `milestones` in rising order"),
    ("multistep", {"start_value": 1.0, "gamma": 1e99, "milestones": [1, 2, 3, 4]}, "out-of-range", ("gamma",),
     "`gamma` is 1e+99: after 4 milestones beyond 1e300", "write a smaller factor"),
    ("multistep", {"start_value": 1.0, "gamma": 0.5, "milestones": 3}, "wrong-type", ("milestones",),
     "`milestones` is 3", "write an array"),
    ("piecewise_constant", {"values": [1, 2, 3], "boundaries": [5]}, "wrong-length", ("boundaries",),
     "`boundaries` has 1 position for 3 `values`", "give 2: where each of `values` but the first begins"),
    ("piecewise_constant", {"values": [1, 2, 3], "boundaries": [5, 5]}, "zero-length", ("boundaries", 1),
     "`boundaries[1]` is 5 again: a stretch of no length",
     "leave one of the two out, or move it; a jump is a `piecewise_constant` or a `join`"),
    ("piecewise_constant", {"values": [1], "boundaries": [5]}, "wrong-length", ("values",),
     "`values` has 1 value", "it takes at least 2: for less, use `constant`"),
    ("piecewise_constant", {"values": [1, "2"], "boundaries": [5]}, "wrong-type", ("values", 1),
     '`values[1]` is "2", not a number', "write a number"),
    ("piecewise", {"points": [[0, 1.0]]}, "wrong-length", ("points",),
     "`points` has 1 value", "it takes at least 2: for less, use `constant`"),
    ("piecewise", {"points": [[0, 1.0], [3]]}, "wrong-length", ("points", 1),
     "`points[1]` has 1 value", "it takes exactly 2"),
    ("piecewise", {"points": [[0, 1.0], [math.nan, 2.0]]}, "not-finite", ("points", 1, 0),
     "`points[1][0]` is nan", "write a finite number, at most 1e100"),
    ("piecewise", {"points": [[5, 1.0], [3, 2.0]]}, "unordered", ("points", 1, 0),
     "`points[1][0]` is 3, after 5", "put `points` in rising order"),
    ("piecewise", {"points": [[5, 1.0], [5, 2.0]]}, "zero-length", ("points", 1, 0),
     "`points[1][0]` is 5 again: a stretch of no length",
     "leave one of the two out, or move it; a jump is a `piecewise_constant` or a `join`"),
    # compositions
    ("join", {"schedules": [ONE, ONE], "boundaries": [3, 6]}, "wrong-length", ("boundaries",),
     "`boundaries` has 2 positions for 2 `schedules`",
     "give 1: where each of `schedules` but the first begins"),
    ("join", {"schedules": [ONE], "boundaries": [3]}, "wrong-length", ("schedules",),
     "`schedules` has 1 value", "it takes at least 2"),
    ("join", {"schedules": [ONE, ONE, ONE], "boundaries": [8, 4]}, "unordered", ("boundaries", 1),
     "`boundaries[1]` is 4, after 8", "put `boundaries` in rising order"),
    ("join", {"schedules": [ONE, ONE], "boundaries": [0]}, "out-of-range", ("boundaries", 0),
     "`boundaries[0]` is 0", "it must be above 0"),
    ("join", {"schedules": [ONE, 2.0], "boundaries": [4]}, "wrong-type", ("schedules", 1),
     "`schedules[1]` is 2, not a table", "write a table with a `type`"),
    ("product", {"schedules": []}, "wrong-length", ("schedules",),
     "`schedules` has 0 values", "it takes at least 1"),
    ("warmup", {"over": 0, "then": ONE}, "out-of-range", ("over",),
     "`over` is 0", "it must be above 0"),
    ("warmup", {"over": 3, "then": {**ONE, "value": math.inf}}, "not-finite", ("then", "value"),
     "`value` is inf", "write a finite number, at most 1e100"),
    # between fields
    ("constant", {"value": 1.0, "minimum": 2, "maximum": 1}, "crossed-clamps", ("minimum",),
     "`minimum` is 2 but `maximum` is 1", "swap the two"),
    ("triangular", {"low": 2, "high": 1, "up": 1, "down": 1}, "unordered", ("high",),
     "`high` is 1, below `low`, which is 2", "swap the two"),
    ("tanh", {**RAMP, "lower": 3, "upper": 3}, "unordered", ("upper",),
     "`upper` is 3, not above `lower`, which is 3",
     "swap the two; `start_value` and `end_value` say whether it rises or falls"),
    ("cosine_restarts", {"start_value": 1, "end_value": 0, "period": 1, "period_mult": 3, "cycles": 9999},
     "out-of-range", ("period_mult",),
     "`period_mult` is 3: after 9999 cycles beyond 1e300", "write a smaller factor, or fewer `cycles`"),
    ("cosine_restarts", {"start_value": 1, "end_value": 0, "period": 1, "peak_mult": 2, "cycles": 9999},
     "out-of-range", ("peak_mult",),
     "`peak_mult` is 2: after 9999 cycles beyond 1e300", "write a smaller factor, or fewer `cycles`"),
    # keys
    ("linear", {**RAMP, "strat": 3}, "unknown-key", ("strat",),
     "unknown key `strat` in a schedule of type `linear`", "a key with a similar name exists: `start`"),
    ("constant", {"value": 1, "gamma": 3}, "unknown-key", ("gamma",),
     "unknown key `gamma` in a schedule of type `constant`",
     "known are `unit`, `value`, `minimum`, `maximum`"),
    ("linear", {"start": 0, "end": 3}, "missing-key", (),
     "a schedule of type `linear` without `start_value`, `end_value`", "add `start_value`, `end_value`"),
    ("lineer", RAMP, "unknown-schedule", ("type",),
     "unknown schedule `lineer`", "a schedule with a similar name exists: `linear`"),
    (3, RAMP, "wrong-type", ("type",), "`type` is 3", "write a string"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case[0]}-{case[2]}-{case[3]}")
def test_a_table_gets_one_fault_at_its_field(case):
    name, fields, code, path, message, help_ = case
    assert schedules.faults({"type": name, **fields}) == [ScheduleFault(path, message, help_, code)]


# A constructor takes no keys that it hasn't, and its children are made before it.
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
    assert str(caught.value) == f"{name}: {message}; {help_}"
    assert [fault.path for fault in caught.value.faults] == [path]


def objects(value):
    if isinstance(value, dict):
        return schedules.from_table(value)
    return [objects(each) for each in value] if isinstance(value, list) else value


def test_a_constructor_takes_no_number_for_a_schedule():
    with pytest.raises(ScheduleError) as caught:
        schedules.warmup(over=3, then=2.0)
    assert str(caught.value) == (
        "warmup: `then` is 2, not a schedule; "
        'put a schedule there: `{ type = "constant", value = 1.0 }` for a number'
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
def test_what_is_no_table_is_a_fault(table):
    [fault] = schedules.faults(table)
    assert (fault.code, fault.path) == ("wrong-type", ())


def test_an_unknown_name_of_the_package_names_the_nearest():
    with pytest.raises(AttributeError, match="a name with a similar name exists: `linear`"):
        _ = schedules.lineer
