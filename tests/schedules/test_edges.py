"""Values before the start, at boundaries, at the end and after, with the rounding of floats."""

from __future__ import annotations

import copy
import math

import pytest

from lossspec import schedules as s
from lossspec.schedules import ScheduleError

RAMP = {"start": 5, "end": 15, "start_value": 8.0, "end_value": 2.0}
LINE = s.linear(start=0, end=4, start_value=0.0, end_value=1.0)

# schedule, positions, exact values
EDGES = [
    (s.linear(**RAMP), [-9, 5, 10, 15, 99], [8.0, 8.0, 5.0, 2.0, 2.0]),
    (s.polynomial(**RAMP, power=3), [-9, 5, 10, 15, 99], [8.0, 8.0, 2.75, 2.0, 2.0]),
    (s.exponential(**RAMP), [-9, 5, 10, 15, 99], [8.0, 8.0, 4.0, 2.0, 2.0]),
    (s.exponential(**{**RAMP, "start_value": -8, "end_value": -2}), [5, 10, 15], [-8.0, -4.0, -2.0]),
    (s.cosine(**RAMP), [-9, 5, 15, 99], [8.0, 8.0, 2.0, 2.0]),
    (s.tanh(**RAMP), [-9, 4.999, 15, 99], [8.0, 8.0, 2.0, 2.0]),
    (s.rampup(**RAMP), [-9, 4.999, 15, 99], [8.0, 8.0, 2.0, 2.0]),
    (
        s.cyclical(**RAMP, cycles=2, shape="sigmoid"),
        [-9, 5, 7.5, 9.9, 10, 15],
        [8.0, 8.0, 2.0, 2.0, 8.0, 2.0],
    ),
    (s.one_cycle(**RAMP, peak_value=9.0, ratio=0.5), [-9, 5, 10, 15, 99], [8.0, 8.0, 9.0, 2.0, 2.0]),
    # a boundary belongs to the new value
    (s.step(start_value=8.0, gamma=0.5, period=10), [-9, 0, 9.99, 10, 20], [8.0, 8.0, 8.0, 4.0, 2.0]),
    (s.multistep(start_value=8.0, gamma=0.0, milestones=[3]), [2.99, 3, 4], [8.0, 0.0, 0.0]),
    (
        s.piecewise_constant(values=[1, 0, 2], boundaries=[3, 6]),
        [-9, 2.99, 3, 6, 99],
        [1.0, 1.0, 0.0, 2.0, 2.0],
    ),
    (s.window(value=0.5, start=3, end=6), [-9, 2.99, 3, 5.99, 6, 99], [0.0, 0.0, 0.5, 0.5, 0.0, 0.0]),
    (s.window(value=0.5), [-1, 0, 1e99], [0.0, 0.5, 0.5]),
    (s.join(schedules=[LINE, LINE], boundaries=[4]), [3, 4, 5, 8], [0.75, 0.0, 0.25, 1.0]),
    (
        s.warmup(over=4, then=s.window(value=2.0, end=3)),
        [-1, 0, 2, 4, 6.99, 7],
        [0.0, 0.0, 1.0, 2.0, 2.0, 0.0],
    ),
    (
        s.triangular(low=0, high=4, up=1, down=3, amplitude_mult=0.5),
        [-1, 0, 1, 4, 5, 9],
        [0.0, 0.0, 4.0, 0.0, 2.0, 1.0],
    ),
    (s.sawtooth(low=1, high=3, period=4), [-1, 0, 2, 4, 6], [1.0, 1.0, 2.0, 1.0, 2.0]),
    (
        s.warmup_stable_decay(warmup=0, stable=2, decay=2, peak_value=3.0),
        [0, 1.99, 2, 4, 9],
        [3.0, 3.0, 3.0, 0.0, 0.0],
    ),
    (
        s.exponential_decay(start_value=8.0, rate=0.5, period=10, start=5, staircase=True),
        [-9, 5, 14.99, 15, 25],
        [8.0, 8.0, 8.0, 4.0, 2.0],
    ),
    (
        s.inverse_time(start_value=8.0, rate=1.0, period=10, start=5, staircase=True),
        [-9, 5, 14.99, 15, 35],
        [8.0, 8.0, 8.0, 4.0, 2.0],
    ),
    (s.inverse_sqrt(start_value=8.0, period=10, start=5), [-9, 5, 35], [8.0, 8.0, 4.0]),
    (
        s.cosine_restarts(start_value=8, end_value=2, period=10, period_mult=2, peak_mult=0.5, cycles=2),
        [-1, 0, 5, 10, 20, 30, 99],
        [8.0, 8.0, 5.0, 4.0, 3.0, 2.0, 2.0],
    ),
    # zeros count: a falsy value is a value
    (s.linear(start=0, end=5, start_value=1.0, end_value=0.0), [0, 5, 9], [1.0, 0.0, 0.0]),
    (s.linear(start=0, end=4, start_value=0, end_value=0), [0, 2, 9], [0.0, 0.0, 0.0]),
    (s.constant(value=0), [0], [0.0]),
    (s.constant(value=5, maximum=0), [0], [0.0]),
    (s.constant(value=-5, minimum=0), [0], [0.0]),
    (s.exponential_decay(start_value=0, rate=3.0, period=1), [0, 9999], [0.0, 0.0]),
    (s.step(start_value=0, gamma=3.0, period=1), [0, 9999], [0.0, 0.0]),
    (s.multistep(start_value=0, gamma=1e99, milestones=[1, 2, 3, 4]), [0, 9999], [0.0, 0.0]),
    (s.triangular(low=2, high=2, up=1, down=1, amplitude_mult=3.0), [0, 9999], [2.0, 2.0]),
    (s.exponential_decay(start_value=1, rate=0.5, period=1, floor=0), [1, 9999], [0.5, 0.0]),
    # the floor is reached from either side
    (s.exponential_decay(start_value=-8, rate=0.5, period=1, floor=-3), [0, 1, 2], [-8.0, -4.0, -3.0]),
    # negative values and falls through 0 are legal where the shape allows them
    (s.linear(start=0, end=4, start_value=1, end_value=-1), [1, 3, 4], [0.5, -0.5, -1.0]),
]


@pytest.mark.parametrize(("schedule", "ts", "expected"), EDGES, ids=lambda value: str(value)[:60])
def test_the_value_at_an_edge_is_exact(schedule, ts, expected):
    assert [schedule(t) for t in ts] == pytest.approx(expected, rel=1e-14, abs=0)
    for t, value in zip(ts, expected, strict=True):
        if value in (0.0, getattr(schedule, "start_value", None), getattr(schedule, "end_value", None)):
            assert schedule(t) == value


def test_long_restarts_begin_where_the_sum_says():
    """With T_0 = 1 and T_mult = 3, a floating logarithm puts t = 121 into the cycle before."""
    restarts = s.cosine_restarts(start_value=1.0, end_value=0.0, period=1, period_mult=3, cycles=30)
    begins = [sum(3**cycle for cycle in range(n)) for n in range(30)]
    assert 121 in begins
    assert [restarts(t) for t in begins] == [1.0] * 30
    assert all(restarts(t - 0.01) < 0.01 for t in begins[1:15])
    short = s.cosine_restarts(start_value=1.0, end_value=0.25, period=1, cycles=2)
    assert short(math.nextafter(2, 0)) == pytest.approx(0.25)


@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_tenth_of_the_run_is_an_exact_boundary(tenths):
    """0.7 / 0.1 is 6.999...: the seventh period begins there nevertheless."""
    t = tenths / 10
    assert s.step(start_value=1.0, gamma=0.5, period=0.1)(t) == 0.5**tenths
    assert s.exponential_decay(start_value=1.0, rate=0.5, period=0.1, staircase=True)(t) == 0.5**tenths
    assert s.inverse_time(start_value=1.0, rate=1.0, period=0.1, staircase=True)(t) == 1 / (1 + tenths)
    assert s.sawtooth(low=0.0, high=1.0, period=0.1)(t) == pytest.approx(0, abs=1e-9)
    assert s.triangular(low=0.0, high=1.0, up=0.01, down=0.09)(t) == pytest.approx(0, abs=1e-9)
    cycles = {"start_value": 0.0, "end_value": 1.0, "cycles": 10}
    assert s.cyclical(start=0, end=1, **cycles)(t) == pytest.approx(0, abs=1e-9)
    restarts = s.cosine_restarts(start_value=1.0, end_value=0.0, period=0.1, cycles=10)
    assert restarts(t) == pytest.approx(1, abs=1e-9)


def test_a_cycle_of_a_hundredth_begins_on_time():
    """0.29 * 100 is 28.999...: the thirtieth ramp begins there nevertheless."""
    ramps = s.cyclical(start=0, end=1, start_value=5.0, end_value=9.0, cycles=100)
    assert all(ramps(cycle / 100) == pytest.approx(5.0, abs=1e-9) for cycle in range(100))
    assert ramps(0.29) == 5.0


def logistic(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(
    ("shape", "ramp"),
    [
        ("linear", lambda x: x),
        ("cosine", lambda x: math.sin(math.pi * x / 2) ** 2),
        ("sigmoid", lambda x: (logistic(12 * x - 6) - logistic(-6)) / (logistic(6) - logistic(-6))),
    ],
)
def test_the_shapes_of_a_ramp_are_their_formulas(shape, ramp):
    schedule = s.cyclical(start=0, end=8, start_value=1.0, end_value=3.0, cycles=1, ratio=1.0, shape=shape)
    assert [schedule(t) for t in range(8)] == pytest.approx(
        [1 + 2 * ramp(t / 8) for t in range(8)], abs=1e-12
    )


@pytest.mark.parametrize(
    ("shape", "left"),
    [("linear", [0.75, 0.5]), ("1-sqrt", [0.5, 1 - 0.5**0.5]), ("cosine", [0.5 + 0.5**1.5, 0.5])],
)
def test_the_decay_after_a_plateau_has_its_shape(shape, left):
    schedule = s.warmup_stable_decay(warmup=2, stable=2, decay=4, peak_value=1.0, shape=shape)
    assert [schedule(5), schedule(6)] == pytest.approx(left, abs=1e-12)


def test_a_decay_after_a_plateau_may_go_by_equal_ratios():
    """timm: (r^x - r) / (1 - r) of the fall is left, with r = 0.1."""
    schedule = s.warmup_stable_decay(warmup=2, stable=2, decay=4, peak_value=3.0, end_value=1.0, shape="exp")
    for t, part in ((4, 0.0), (5, 0.25), (6, 0.5), (7, 0.75), (8, 1.0)):
        assert schedule(t) == pytest.approx(1 + 2 * (0.1**part - 0.1) / 0.9, abs=1e-12)
    assert (schedule(4), schedule(8)) == (3.0, 1.0)


def test_a_line_with_a_slope_has_no_end():
    growth = s.linear(start=10, start_value=0.01, slope=0.01)
    assert [growth(t) for t in (-5, 10, 11, 60)] == pytest.approx([0.01, 0.01, 0.02, 0.51], abs=1e-15)
    assert growth(1e9) == pytest.approx(1e7, rel=1e-6)
    falling = s.linear(start=0, start_value=1.0, slope=-0.25, minimum=0.1)
    assert [falling(t) for t in (0, 2, 4, 1e300)] == [1.0, 0.5, 0.1, 0.1]
    steep = {"start": 0, "start_value": 0.0, "slope": 1e100}
    assert s.linear(**steep, maximum=2.0)(1e300) == 2.0
    with pytest.raises(ScheduleError) as caught:
        s.linear(**steep)(1e300)
    assert str(caught.value) == "the value at t = 1e+300 is beyond 1e300; add a `maximum`"
    assert s.linear(start=0, start_value=2.0, slope=0)(7) == 2.0


def test_restarts_without_a_last_one_go_on():
    """Each restart is where the lengths of the cycles before it end, however many there are."""
    for mult in (1.0, 1.0 + 1e-12, 1.001, 1.5, 2.0, 10.0):
        endless = s.cosine_restarts(start_value=1.0, end_value=0.25, period=0.1, period_mult=mult)
        begin = 0.0
        for cycle in range(300):
            length = 0.1 * mult**cycle
            if begin + length > 1e12:
                break
            assert endless(begin) == pytest.approx(1.0, abs=1e-6), (mult, cycle)
            assert endless(begin + length / 2) == pytest.approx(0.625, abs=1e-6), (mult, cycle)
            begin += length
        assert 0.25 <= endless(1e300) <= 1.0


def test_restarts_that_grow_without_end_need_a_clamp():
    growth = {"start_value": 1.0, "end_value": 0.0, "period": 1, "peak_mult": 2}
    assert s.cosine_restarts(**growth)(900) == 2.0**900
    assert s.cosine_restarts(**growth, maximum=5.0)(10_000) == 5.0
    with pytest.raises(ScheduleError) as caught:
        s.cosine_restarts(**growth)(10_000)
    assert str(caught.value) == "the value at t = 10000 is beyond 1e300; add a `maximum`"


def test_ten_thousand_restarts_cost_as_much_as_one():
    """They were once 10,000 entries of each schedule: a spec of products of them took 4 GB."""
    from tracemalloc import get_traced_memory, start, stop

    start()
    made = [s.cosine_restarts(start_value=1.0, end_value=0.0, period=3, cycles=10_000) for _ in range(100)]
    _, peak = get_traced_memory()
    stop()
    assert peak < 1e6
    assert made[0](29_997) == 1.0
    assert (made[0](29_999.999999), made[0](30_000)) == (pytest.approx(0.0, abs=1e-9), 0.0)


def test_one_cycle_may_be_two_straight_lines():
    span = {"start": 0, "end": 10, "start_value": 0.0, "peak_value": 1.0, "end_value": 0.2}
    schedule = s.one_cycle(**span, ratio=0.5, shape="linear")
    assert [schedule(t) for t in (2.5, 5, 7.5)] == pytest.approx([0.5, 1.0, 0.6], abs=1e-12)


def test_asymptotic_shapes_are_as_published_inside():
    span = {"start": 0, "end": 10, "start_value": 0.0, "end_value": 1.0}
    assert s.rampup(**span)(0) == pytest.approx(math.exp(-5), rel=1e-12)
    assert s.rampup(**span)(-1e-9) == 0.0
    assert s.tanh(**span)(0) == pytest.approx(0.5 * (1 + math.tanh(-7)), rel=1e-9)
    below = s.tanh(**span)(10 - 1e-9)
    assert below == pytest.approx(0.5 * (1 + math.tanh(3)), rel=1e-6)
    assert below < 0.998


def test_a_logistic_curve_does_not_overflow():
    kl = s.logistic(rate=1000.0, midpoint=0, start_value=0.0, end_value=1.0)
    assert (kl(-1e99), kl(0), kl(1e99)) == (0.0, 0.5, 1.0)


GROWING = {
    "exponential_decay": s.exponential_decay,
    "step": lambda rate, **rest: s.step(gamma=rate, **rest),
    "triangular": lambda rate, period, start_value, **rest: s.triangular(
        low=min(0, start_value),
        high=max(0, start_value),
        up=period / 2,
        down=period / 2,
        amplitude_mult=rate,
        **rest,
    ),
}


@pytest.mark.parametrize("make", GROWING.values(), ids=GROWING)
def test_a_growth_ends_at_its_clamp_or_in_an_error(make):
    """2 ** 10_000 overflows a float, though 10_000 is a valid step."""
    growth = {"start_value": 1.0, "rate": 2.0, "period": 10}
    assert make(**growth, maximum=100.0)(100_000) == 100.0
    with pytest.raises(ScheduleError) as caught:
        make(**growth)(100_005)
    assert str(caught.value) == "the value at t = 100005 is beyond 1e300; add a `maximum`"
    assert math.isfinite(make(**growth)(9_005))
    with pytest.raises(ScheduleError, match="t must be a finite number, got `inf`"):
        make(**growth)(math.inf)


@pytest.mark.parametrize("make", [s.exponential_decay, GROWING["step"]])
def test_a_negative_growth_ends_at_its_minimum(make):
    growth = {"start_value": -1.0, "rate": 2.0, "period": 10}
    assert make(**growth, minimum=-100.0, maximum=5.0)(100_000) == -100.0
    with pytest.raises(ScheduleError, match="add a `minimum`"):
        make(**growth, maximum=5.0)(100_000)


def test_a_product_beyond_the_range_of_floats_is_an_error():
    huge = s.constant(value=1e100)
    with pytest.raises(ScheduleError) as caught:
        s.product(schedules=[huge] * 4)(3)
    assert str(caught.value) == "the product at t = 3 is inf; add a `maximum` to each of `schedules`"


def test_a_schedule_is_frozen_and_compares_by_value():
    made = s.linear(**RAMP)
    assert made == s.linear(**RAMP)
    assert hash(made) == hash(s.linear(**RAMP))
    assert made != s.linear(**{**RAMP, "end": 16})
    assert made != s.cosine(**RAMP)
    with pytest.raises(AttributeError):
        made.start = 3
    assert copy.deepcopy(made)(10) == 5.0


def test_numbers_are_kept_as_floats_and_counts_as_ints():
    made = s.cyclical(**{**RAMP, "start": 5}, cycles=4.0)
    assert (type(made.start), type(made.cycles)) == (float, int)
    assert s.multistep(start_value=1, gamma=1, milestones=[1, 2]).milestones == (1.0, 2.0)


def test_the_clamps_cost_nothing_when_absent():
    """A schedule without clamps runs the function of its family and no other."""
    assert s.linear(**RAMP).__call__.__name__ == "linear"
    assert s.linear(**RAMP, maximum=5).__call__.__name__ == "clamped"
