"""Properties of every schedule: round trips, the schema, edges, bounds, clamps."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lossspec import schedules
from lossspec.schedules import TYPES, from_table

values = st.one_of(st.integers(-1000, 1000), st.floats(-1e3, 1e3).filter(lambda v: v == 0 or abs(v) > 1e-6))
positive = st.one_of(st.integers(1, 1000), st.floats(1e-3, 1e3))
positions = st.one_of(
    st.integers(-1000, 1000), st.floats(-1e3, 1e3).filter(lambda v: v == 0 or abs(v) > 1e-6)
)
parts = st.floats(0.05, 0.95)
factors = st.one_of(st.just(0), st.floats(1e-3, 1))
clocks = st.one_of(st.integers(-2000, 5000), st.floats(-2e3, 5e3))
rising = st.lists(positive, min_size=1, max_size=4, unique=True).map(sorted)


def table(name, needed=None, optional=None):
    """A table of this type with all needed fields and any of the optional ones."""
    return st.fixed_dictionaries({"type": st.just(name), **(needed or {})}, optional=optional or {})


def between(name, *, of=values, needed=None, optional=None):
    """A table of a type with a start and an end."""
    ends = {"start_value": of, "end_value": of, "length": positive, "start": positions}
    return table(name, {**ends, **(needed or {})}, optional).map(with_end)


def with_end(made):
    length = made.pop("length")
    return {**made, "end": made["start"] + length}


def pieces(drawn):
    positions, ys = drawn
    return {"values": [*ys[: len(positions)], 1.0], "boundaries": positions}


piecewise_constant = st.tuples(rising, st.lists(values, min_size=4, max_size=4)).map(pieces)
points = st.lists(st.tuples(positive, values), min_size=2, max_size=5, unique_by=lambda p: float(p[0]))
one_sign = positive
decays = {"start_value": values, "period": positive}

PLAIN = {
    "constant": table("constant", {"value": values}),
    "linear": between("linear"),
    "polynomial": between("polynomial", needed={"power": st.floats(0.1, 5)}),
    "exponential": between("exponential", of=one_sign),
    "cosine": between("cosine", optional={"exponent": st.floats(0.5, 3)}),
    "exponential_decay": table(
        "exponential_decay",
        {**decays, "rate": st.floats(0.1, 1)},
        {"start": positions, "staircase": st.booleans(), "floor": st.just(0)},
    ),
    "step": table("step", {**decays, "gamma": factors}),
    "multistep": table("multistep", {"start_value": values, "gamma": factors}).flatmap(
        lambda t: rising.map(lambda m: {**t, "milestones": m})
    ),
    "piecewise_constant": piecewise_constant.map(lambda t: {"type": "piecewise_constant", **t}),
    "piecewise": st.tuples(points, st.sampled_from(["linear", "cosine"])).map(
        lambda drawn: {
            "type": "piecewise",
            "points": [list(p) for p in sorted(drawn[0])],
            "shape": drawn[1],
        }
    ),
    "cosine_restarts": table(
        "cosine_restarts",
        {"start_value": values, "end_value": values, "period": positive},
        {"period_mult": st.floats(1, 3), "peak_mult": st.floats(0.1, 1), "cycles": st.integers(1, 9)},
    ),
    "cyclical": between(
        "cyclical",
        optional={
            "cycles": st.integers(1, 9),
            "ratio": parts,
            "shape": st.sampled_from(["linear", "cosine", "sigmoid"]),
        },
    ),
    "triangular": table(
        "triangular",
        {"low": st.integers(-9, 0), "high": st.integers(1, 9), "up": positive, "down": positive},
        {"amplitude_mult": st.floats(0.1, 1)},
    ),
    "sawtooth": table("sawtooth", {"low": st.integers(-9, 0), "high": st.integers(1, 9), "period": positive}),
    "one_cycle": between(
        "one_cycle",
        needed={"peak_value": values},
        optional={"ratio": parts, "shape": st.sampled_from(["linear", "cosine"])},
    ),
    "warmup_stable_decay": table(
        "warmup_stable_decay",
        {"warmup": st.integers(0, 9), "stable": st.integers(0, 9), "decay": positive, "peak_value": values},
        {
            "start_value": values,
            "end_value": values,
            "shape": st.sampled_from(["linear", "cosine", "1-sqrt", "exp"]),
        },
    ),
    "inverse_time": table(
        "inverse_time", {**decays, "rate": parts}, {"start": positions, "staircase": st.booleans()}
    ),
    "inverse_sqrt": table("inverse_sqrt", decays, {"start": positions}),
    "tanh": between("tanh", optional={"lower": st.floats(-9, -1), "upper": st.floats(1, 9)}),
    "rampup": between("rampup"),
    "logistic": table(
        "logistic", {"rate": parts, "midpoint": positions, "start_value": values, "end_value": values}
    ),
    "window": table("window", {"value": values}, {"start": st.integers(-9, 9), "end": st.integers(10, 99)}),
}


def compound(inner):
    """A table that holds tables."""
    joined = st.tuples(rising, st.lists(inner, min_size=5, max_size=5)).map(
        lambda drawn: {"type": "join", "boundaries": drawn[0], "schedules": drawn[1][: len(drawn[0]) + 1]}
    )
    return st.one_of(
        joined,
        table("product", {"schedules": st.lists(inner, min_size=1, max_size=3)}),
        table("warmup", {"over": positive, "then": inner}, {"start_value": values}),
    )


endless = table("linear", {"start": positions, "start_value": values, "slope": values})
plain = st.one_of(*PLAIN.values(), endless)
clamps = st.fixed_dictionaries({}, optional={"minimum": st.integers(-99, 0), "maximum": st.integers(1, 99)})
any_table = st.builds(
    lambda made, clamps, unit: {**made, **clamps, **unit},
    st.recursive(plain, compound, max_leaves=4),
    clamps,
    st.sampled_from([{}, {"unit": "epoch"}, {"unit": "step"}, {"unit": "fraction"}]),
)


def test_there_is_a_strategy_for_every_type():
    assert {*PLAIN, "join", "product", "warmup"} == set(TYPES)


@given(any_table)
def test_a_table_comes_back_from_its_schedule(made):
    schedule = from_table(made)
    written = schedule.to_table()
    assert from_table(written) == schedule
    assert from_table(written).to_table() == written
    assert set(written) <= set(made)


@given(any_table, st.lists(clocks, min_size=1, max_size=5))
def test_a_value_depends_on_t_alone(made, ts):
    schedule, again = from_table(made), from_table(made)
    forward = [schedule(t) for t in ts]
    backward = [again(t) for t in reversed(ts)]
    assert forward == backward[::-1]
    assert all(type(value) is float and math.isfinite(value) for value in forward)


@given(any_table, clocks)
def test_clamps_hold_the_value_and_nothing_else(made, t):
    clamped = from_table(made)(t)
    free = from_table({key: each for key, each in made.items() if key not in ("minimum", "maximum")})(t)
    assert clamped == min(max(free, made.get("minimum", -math.inf)), made.get("maximum", math.inf))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", TYPES)
def test_an_invalid_position_is_an_error(name, bad):
    strategy = PLAIN.get(name, compound(PLAIN["constant"]).filter(lambda made: made["type"] == name))

    @settings(max_examples=max(3, settings().max_examples // 10), database=None)
    @given(strategy, clamps)
    def check(made, clamps):
        with pytest.raises(schedules.ScheduleError, match=r"^t must be a finite number, got `\S+`$"):
            from_table({**made, **clamps})(bad)

    check()


# --- the JSON Schema, and the same rules in the constructors ---------------------------------------------


def document():
    refs = [{"$ref": f"#/$defs/schedule.{name}"} for name in TYPES]
    reference = {"type": "string", "pattern": r"^\$\{.*\}$"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/schedule",
        "$defs": {
            **{f"schedule.{name}": each for name, each in schedules.json_schema().items()},
            "schedule": {"oneOf": refs},
            "reference": reference,
            "number": {"oneOf": [{"type": "number"}, reference]},
        },
    }


VALIDATOR = jsonschema.Draft202012Validator(document())


def test_the_schema_is_valid_in_both_drafts():
    jsonschema.Draft202012Validator.check_schema(document())
    jsonschema.Draft7Validator.check_schema(document())


@pytest.mark.slow
@given(any_table)
def test_the_schema_accepts_every_schedule(made):
    VALIDATOR.validate(made)
    VALIDATOR.validate(from_table(made).to_table())


@pytest.mark.parametrize("name", TYPES)
def test_every_property_is_described_and_closed(name):
    schema = schedules.json_schema()[name]
    assert schema["additionalProperties"] is False
    for key, each in schema["properties"].items():
        assert len(each["description"]) > 5, key
        assert not each["description"].endswith("."), key
    assert list(schema["properties"])[:2] == ["type", "unit"]
    assert schema["properties"]["type"]["const"] == name


@pytest.mark.parametrize(
    ("name", "key"),
    [(name, key) for name in TYPES for key in schedules.json_schema()[name]["properties"]],
)
def test_parameters_replace_numbers_and_booleans_only(name, key):
    text = str(schedules.json_schema()[name]["properties"][key])
    takes_parameter = "#/$defs/number" in text or "#/$defs/reference" in text
    is_word = "const" in text or "enum" in text
    assert takes_parameter != (is_word or "#/$defs/schedule" in text)


@pytest.mark.parametrize(
    ("name", "key", "bounds"),
    [
        ("one_cycle", "ratio", {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        ("cyclical", "ratio", {"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        ("cosine_restarts", "cycles", {"type": "integer", "minimum": 1, "maximum": 10_000}),
        ("step", "gamma", {"type": "number", "minimum": 0}),
    ],
)
def test_a_bound_is_in_the_schema(name, key, bounds):
    assert schedules.json_schema()[name]["properties"][key]["anyOf"][0] == bounds


@given(st.sampled_from(sorted(TYPES)), st.data())
def test_constructors_and_schema_have_the_same_bounds(name, data):
    """A number at or past a bound is refused by both or by neither."""
    strategy = PLAIN.get(name, compound(PLAIN["constant"]).filter(lambda made: made["type"] == name))
    made = data.draw(strategy)
    numbers = [key for key, each in made.items() if type(each) in (int, float)]
    assume(numbers)
    key = data.draw(st.sampled_from(numbers))
    made[key] = data.draw(st.sampled_from([-1, -0.5, 0, 0.5, 1, 2.5, 20_000]))
    by_schema = not VALIDATOR.is_valid(made)
    of_bounds = [
        fault
        for fault in schedules.faults(made)
        if fault.path == (key,)
        and (fault.code in ("out-of-range", "wrong-type"))
        and re.search(r"must be (above|at least|at most|below) \S+, |must be a whole number", fault.message)
    ]
    assert by_schema == bool(of_bounds)


# --- shapes --------------------------------------------------------------------------------------------

INTERVALS = ("linear", "polynomial", "exponential", "cosine", "cyclical", "one_cycle", "tanh", "rampup")
MONOTONE = ("linear", "polynomial", "exponential", "cosine", "tanh", "rampup", "logistic")
FALLING = ("exponential_decay", "inverse_time", "inverse_sqrt", "step")


def nearly(low, value, high):
    """Return whether a value is between two others, up to rounding."""
    slack = 1e-12 * max(abs(low), abs(high), 1)
    return min(low, high) - slack <= value <= max(low, high) + slack


@given(st.one_of(*(PLAIN[name] for name in INTERVALS)), st.floats(0, 1e3))
def test_it_holds_before_the_start_and_from_the_end_on(made, further):
    schedule = from_table(made)
    before = made["start"] - 1e-9
    assert schedule(before) == schedule(made["start"] - further - 1) == made["start_value"]
    assert schedule(made["end"]) == schedule(made["end"] + further) == made["end_value"]


@given(st.one_of(*(PLAIN[name] for name in MONOTONE)), st.lists(clocks, min_size=2, max_size=9))
def test_monotone_families_are_monotone_and_bounded(made, ts):
    schedule = from_table(made)
    first, last = made["start_value"], made["end_value"]
    got = [schedule(t) for t in sorted(ts)]
    for earlier, later in pairwise(got):
        assert nearly(earlier, later, last)
    assert all(nearly(first, value, last) for value in got)


@given(st.one_of(*(PLAIN[name] for name in FALLING)), st.lists(clocks, min_size=2, max_size=9))
def test_a_decay_goes_towards_zero(made, ts):
    schedule = from_table(made)
    got = [schedule(t) for t in sorted(ts)]
    for earlier, later in pairwise(got):
        assert nearly(earlier, later, 0)
    assert all(nearly(made["start_value"], value, 0) for value in got)


@given(st.one_of(*(PLAIN[name] for name in ("cyclical", "cosine_restarts"))), clocks)
def test_a_cycle_keeps_between_its_values(made, t):
    first, last = made["start_value"], made["end_value"]
    reach = (first, last, first * made.get("peak_mult", 1) ** 9)  # a peak shrinks towards 0
    assert nearly(min(reach), from_table(made)(t), max(reach))


@given(st.one_of(PLAIN["triangular"], PLAIN["sawtooth"]), clocks)
def test_a_wave_keeps_between_low_and_high(made, t):
    assert nearly(made["low"], from_table(made)(t), made["high"])


@given(PLAIN["one_cycle"])
def test_one_cycle_is_at_its_peak_where_the_rise_ends(made):
    middle = made["start"] + made.get("ratio", 0.3) * (made["end"] - made["start"])
    assert from_table(made)(middle) == pytest.approx(made["peak_value"], abs=1e-5)


@given(PLAIN["piecewise"])
def test_a_line_goes_through_its_points(made):
    schedule = from_table(made)
    assert [schedule(t) for t, _ in made["points"]] == [value for _, value in made["points"]]


# --- compositions --------------------------------------------------------------------------------------


@given(rising, st.lists(plain, min_size=5, max_size=5), clocks)
def test_each_schedule_of_a_join_sees_its_own_clock(boundaries, tables, t):
    children = [from_table(made) for made in tables[: len(boundaries) + 1]]
    joined = schedules.join(schedules=children, boundaries=boundaries)
    turn = sum(t >= boundary for boundary in boundaries)
    begins = [0.0, *map(float, boundaries)]
    assert joined(t) == children[turn](t - begins[turn])
    for turn, boundary in enumerate(boundaries, start=1):
        assert joined(boundary) == children[turn](0)


@given(plain, positive, values, st.floats(0, 1))
def test_a_warmup_meets_the_schedule_that_follows(made, over, first, part):
    then = from_table(made)
    schedule = schedules.warmup(over=over, start_value=first, then=then)
    assert schedule(0) == first
    assert schedule(over) == then(0)
    assert schedule(over + 7) == then(float(over + 7) - over)
    assert nearly(first, schedule(part * over * 0.999), then(0))


@given(st.lists(plain, min_size=1, max_size=3), clocks)
def test_a_product_multiplies(tables, t):
    children = [from_table(made) for made in tables]
    assert schedules.product(schedules=children)(t) == math.prod(child(t) for child in children)
