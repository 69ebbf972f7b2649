"""The parts of pictures: envelopes, labels, scales, ticks, lines, numbers, tables."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.report.draw.axis import scale_of, ticks
from lossspec.report.draw.envelope import envelope
from lossspec.report.draw.lines import Line, parts, spread, with_gaps
from lossspec.report.draw.text import exact, figure, grid

values = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(values, min_size=1, max_size=60), st.integers(1, 20))
def test_an_envelope_loses_no_spike_and_no_broken_value(ys, stretches):
    found = envelope(range(len(ys)), ys, 0, len(ys), stretches)
    finite = [y for y in ys if math.isfinite(y)]
    assert sum(found.count) == len(ys)
    assert sum(found.broken) == len(ys) - len(finite)
    lows = [low for low in found.low if not math.isnan(low)]
    highs = [high for high in found.high if not math.isnan(high)]
    assert (min(lows, default=None), max(highs, default=None)) == (
        min(finite, default=None),
        max(finite, default=None),
    )
    assert all(a < b for a, b in pairwise(found.x))
    assert len(found) <= stretches
    for low, mean, high in zip(found.low, found.mean, found.high, strict=True):
        assert math.isnan(mean) or low <= mean * (1 + 1e-9) + 1e-30 or low <= mean <= high


def test_an_envelope_of_few_values_is_the_values():
    found = envelope([0, 3, 9], [1.0, 2.0, 3.0], 0, 10, 100)
    assert (found.x, found.low, found.mean, found.high) == ([0, 3, 9], *[[1.0, 2.0, 3.0]] * 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_labels_move_apart_and_stay_in_order(places, least):
    found = spread(places, least)
    order = sorted(range(len(places)), key=places.__getitem__)
    for before, after in pairwise(order):
        assert found[after] - found[before] >= least * (1 - 1e-9)
    assert sum(found) == pytest.approx(sum(places))  # pushed to both sides alike


def test_labels_with_room_stay():
    assert spread([0.9, 0.1, 0.5], 0.2) == [0.9, 0.1, 0.5]


@pytest.mark.parametrize(
    ("curves", "kind", "linear_to"),
    [
        ([[1.0, 2.0], [3.0]], "linear", 0.0),
        ([[100.0], [1.0]], "log", 0.0),
        ([[100.0, 0.0]], "linear", 0.0),  # a single curve that falls to 0 is drawn from 0
        ([[100.0], [0.0, 1.0]], "symlog", 1.0),
        ([[-100.0], [2.0]], "symlog", 2.0),
        ([[0.0], [0.0]], "linear", 0.0),
        ([[math.nan, math.inf], [5.0]], "linear", 0.0),
        ([[]], "linear", 0.0),
    ],
)
def test_the_scale_on_which_all_curves_can_be_read(curves, kind, linear_to):
    found = scale_of(curves)
    assert (found.kind, found.linear_to) == (kind, linear_to)


@given(
    st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=2, unique=True), st.sampled_from(["log", "symlog"])
)
def test_heights_rise_with_values(pair, kind):
    scale = scale_of([[1e4], [1.0]]) if kind == "log" else scale_of([[1e4], [0.0, 1.0]])
    assert scale.kind == kind
    low, high = sorted(pair)
    assert scale.height(low) <= scale.height(high)
    assert kind == "log" or scale.height(-high) == -scale.height(high)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 12))
def test_ticks_are_within_the_range_and_few(low, length, about):
    found = ticks(low, low + length, about)
    assert len(found) <= about
    assert all(low - 1e-9 * length - 1e-9 <= tick <= low + length * (1 + 1e-9) + 1e-9 for tick in found)


@pytest.mark.parametrize(
    ("low", "high", "about", "expected"),
    [
        (0, 200, 5, [0, 50, 100, 150, 200]),
        (0, 24, 6, [0, 5, 10, 15, 20]),
        (0.48, 0.52, 4, [0.48, 0.5, 0.52]),
        (-1, 1, 5, [-1, -0.5, 0, 0.5, 1]),
        (100000.3253372, 100000.3253382, 2, [100000.3253375, 100000.325338]),
        (5e-324, 1e-323, 3, [5e-324, 1e-323]),
    ],
)
def test_ticks_are_round(low, high, about, expected):
    assert ticks(low, high, about) == expected


def test_overlapping_lines_alternate():
    xs = [0.0, 1.0, 2.0, 3.0]
    first, second, third = parts(
        [Line("a", xs, [1, 1, 1, 1]), Line("b", xs, [1, 1, 2, 2]), Line("c", xs, [1, 1, 2, 3])]
    )
    assert [(part.rank, part.peers, len(part.xs)) for part in first] == [(0, 3, 2), (0, 1, 3)]
    assert [(part.rank, part.peers) for part in second] == [(1, 3), (0, 2), (0, 1)]
    assert [(part.rank, part.peers) for part in third] == [(2, 3), (1, 2), (0, 1)]


def test_lines_that_only_cross_are_not_shared():
    crossing = [Line("up", [0, 1, 2], [0, 1, 2]), Line("down", [0, 1, 2], [2, 1, 0])]
    assert all(part.peers == 1 for line in parts(crossing) for part in line)


def test_a_gap_is_longer_than_what_is_usual():
    every_16 = Line("r1", [0.0, 16.0, 32.0, 48.0], [1.0] * 4)
    assert with_gaps(every_16).ys == [1.0] * 4
    off_and_on = with_gaps(Line("a", [0, 1, 2, 50, 51], [1.0, 2.0, 3.0, 4.0, 5.0]))
    assert [y for y in off_and_on.ys if not math.isnan(y)] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert math.isnan(off_and_on.ys[3])
    assert with_gaps(Line("one", [5.0], [1.0])) == Line("one", [5.0], [1.0])
    assert with_gaps(Line("none", [], [])) == Line("none", [], [])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (-0.5, "-0.5"), (99999.4, "99999"), (999999.9, "1000000"), (1e6, "1e6"),
        (9.9996, "10"), (0.00012345, "0.0001234"), (1.5e-9, "1.5e-9"), (math.inf, "inf"), (None, "-"),
    ],
)  # fmt: skip
def test_a_figure_has_four_digits(value, shown):
    assert figure(value) == shown


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_exact_number_reads_back(value):
    assert float(exact(value)) == value


def test_a_grid_aligns_and_leaves_no_blanks():
    rows = [("a", "bb", "c"), (), ("headline that is wider than all",), ("long", "1", "")]
    assert grid(rows) == "a     bb  c\n\nheadline that is wider than all\nlong   1"


def test_ticks_of_a_small_range_are_not_all_zero():
    assert ticks(0.0, 4e-20, 5) == [0.0, 1e-20, 2e-20, 3e-20, 4e-20]
