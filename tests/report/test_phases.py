"""Phases of a curve, as data and in words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec import schedules
from lossspec.report.forecast.phases import in_words, phases


def schedule(type_name, **fields):
    return schedules.from_table({"type": type_name, **fields})


SAID = [
    (schedule("constant", value=3.0), "3"),
    (
        schedule("linear", start=100, end=200, start_value=100.0, end_value=0.0),
        "100 until 100, falls to 1 at 199",
    ),
    (
        schedule("cosine", start=20, end=60, start_value=0.0, end_value=1.0),
        "0 until 20, rises to 1 at 60, holds",
    ),
    (schedule("window", value=0.8, start=50), "0, jumps to 0.8 at 50"),
    (schedule("window", value=0.8, start=50, end=60), "0, jumps to 0.8 at 50, jumps to 0 at 60"),
    (
        schedule("piecewise_constant", values=[1.0, 0.1, 0.0], boundaries=[10, 20]),
        "1, jumps to 0.1 at 10, jumps to 0 at 20",
    ),
    (
        schedule("warmup", over=10, then={"type": "constant", "value": 2.0}),
        "rises from 0 to 2 at 10, holds",
    ),
    (
        schedule("triangular", low=0.0, high=1.0, up=50, down=50),
        "rises from 0 to 1 at 50, falls to 0 at 100, rises to 1 at 150, falls to 0.02 at 199",
    ),
    (
        schedule("sawtooth", low=0.0, high=1.0, period=100),
        "rises from 0 to 0.99 at 99, jumps to 0 at 100, rises to 0.99 at 199",
    ),
    (schedule("sawtooth", low=0.0, high=1.0, period=4), "swings between 0 and 0.75"),
    (schedule("exponential_decay", start_value=1.0, rate=0.5, period=50), "falls from 1 to 0.06337 at 199"),
]


@pytest.mark.parametrize(("curve", "words"), SAID, ids=[words for _, words in SAID])
def test_a_curve_in_words(curve, words):
    assert in_words(phases(range(200), [curve(t) for t in range(200)])) == words


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_phases_are_whole_and_go_one_way(ys):
    found = phases(range(len(ys)), ys)
    assert (found[0].begin, found[-1].end) == (0, len(ys) - 1)
    for before, after in itertools.pairwise(found):
        assert after.begin in (before.end, before.end + 1)  # they touch, or the curve jumps between
    noise = 1e-12 * max(map(abs, ys))
    for each in found:
        inside = ys[int(each.begin) : int(each.end) + 1]
        assert (inside[0], inside[-1]) == (each.first, each.last)
        changes = [b - a for a, b in itertools.pairwise(inside)]
        holds = {
            "holds": lambda d: abs(d) <= noise,
            "rises": lambda d: d > noise,
            "falls": lambda d: d < -noise,
        }
        assert all(map(holds[each.way], changes))
