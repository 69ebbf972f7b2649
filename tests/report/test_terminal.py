"""Plots for the terminal."""

from __future__ import annotations

import re

import pytest

import lossspec
from lossspec.report.draw.lines import Line
from lossspec.report.draw.terminal import text_plot
from lossspec.report.forecast.plot import weights_as_text
from lossspec.report.forecast.weights import RunLength

WHOLE = """\
objective G
  100 ┤ ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠓⠒⠲⠤⢤⣀⡀
      │                              ⠉⠉⠓⠦⢤⣀
      │                                   ⠈⠙⠲⢤⡀
      │                                       ⠙⢦⡀
      │                                         ⠙⣆
   10 ┤                                          ⠈⡇
      │                                           ⢹⡀
      │                                            ⡇
      │                                            ⢳ G_GAN
    1 ┤ ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸ G_L1
      └─┬─────────────────────▲────────────────────┬
        0                    100                  200

  G_GAN  1
  G_L1   100 until 100, falls to 1 at 199

objective D
      │ ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉ D_real
  0.4 ┤                                              D_fake
  0.2 ┤
      │
    0 ┤
      └─┬─────────────────────┬────────────────────┬
        0                    100                  200

  D_real  0.5
  D_fake  0.5"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_a_whole_plot():
    spec = lossspec.load("pix2pix+decay")
    assert weights_as_text(spec, RunLength(200), 60) == WHOLE


@pytest.mark.parametrize("width", [30, 47, 80, 120])
@pytest.mark.parametrize("reference", ["pix2pix+extended+decay", "pix2pix"])
def test_no_row_is_wider_than_asked(reference, width):
    for row in weights_as_text(lossspec.load(reference), RunLength(200), width).splitlines():
        assert len(row) <= width


def test_colour_changes_nothing_but_the_colour():
    spec = lossspec.load("pix2pix+extended+decay")
    plain = weights_as_text(spec, RunLength(200), 80)
    coloured = weights_as_text(spec, RunLength(200), 80, colour=True)
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert ESCAPE.sub("", coloured) == plain


def dots(rows):
    """The dots of a plot, as (column, row) from the lower left."""
    bits = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
    cells = [row.split("┤ ")[-1].split("│ ")[-1] for row in rows[:-2]]
    height = 4 * len(cells)
    return {
        (2 * x + dx, height - 1 - 4 * y - dy)
        for y, row in enumerate(cells)
        for x, cell in enumerate(row)
        if 0x2800 <= ord(cell) < 0x2900
        for dy, pair in enumerate(bits)
        for dx, bit in enumerate(pair)
        if (ord(cell) - 0x2800) & bit
    }


def test_the_dots_are_where_the_values_are():
    xs = list(range(101))
    found = dots(text_plot([Line("square", xs, [x * x for x in xs])], 60, rows=10))
    columns = max(x for x, _ in found) + 1
    assert {x for x, _ in found} == set(range(columns))  # no holes
    for x, y in found:
        assert y / 39 == pytest.approx((x / (columns - 1)) ** 2, abs=0.04)


def test_a_jump_is_drawn_from_end_to_end():
    found = dots(text_plot([Line("jump", [0, 5, 5, 10], [0.0, 0.0, 1.0, 1.0])], 40, rows=5))
    middle = [x for x in {x for x, _ in found} if sum(1 for dot in found if dot[0] == x) == 20]
    assert len(middle) == 1


def test_names_have_their_own_rows_in_the_order_of_ends():
    lines = [
        Line(name, [0.0, 1.0], [0.0, end]) for name, end in [("low", 0.0), ("lower", 0.01), ("high", 1.0)]
    ]
    rows = text_plot(lines, 40, rows=6)
    assert [row.split()[-1] for row in rows if row.split()[-1] in {"low", "lower", "high"}] == [
        "high",
        "lower",
        "low",
    ]


@pytest.mark.parametrize(
    "line",
    [
        Line("flat", [0.0, 1.0], [0.0, 0.0]),
        Line("negative", [0.0, 1.0], [-1.0, -2.0]),
        Line("point", [0.0, 1.0], [5.0, float("nan")]),
    ],
    ids=lambda line: line.name,
)
def test_odd_curves(line):
    rows = text_plot([line], 40)
    assert dots(rows)
    assert line.name in "\n".join(rows)


@pytest.mark.parametrize(
    "ys",
    [
        [5e-324, 5e-324],
        [0.0, 5e-324],
        [1.0, 5e-324],
        [-1.0, 5e-324],
        [100.0, -1e308],
        [1.7e308, -1.7e308],
        [1.7e308, 5e-324],
        [1.7e308, -5e-324],
    ],
)
def test_the_largest_and_smallest_floats_are_plotted(ys):
    lines = [Line("a", [0, 10], [ys[0]] * 2), Line("b", [0, 10], [ys[1]] * 2)]
    rows = text_plot(lines, 40)
    assert any(row.endswith(" a") for row in rows)
    assert any(row.endswith(" b") for row in rows)
    assert len(dots(rows)) > 5


def test_a_plot_of_any_length_takes_a_bounded_number_of_moments(calls):
    spec = lossspec.load("pix2pix+decay")
    run = RunLength(10**9, 10**9)
    assert calls(lambda: weights_as_text(spec, run, 80)) < 2_000_000
    assert "rises" not in weights_as_text(spec, run, 80)
