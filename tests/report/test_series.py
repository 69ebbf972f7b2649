"""The positions of rows on the time axis, compared with plain loops; and the error without NumPy."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.log.reading.columns import LossColumns
from lossspec.log.reading.reader import LossLogData
from lossspec.report.draw.envelope import envelope
from lossspec.report.run.page_data import NamedLog, page_data
from lossspec.report.run.series import Axis, Series

rows = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0, 7.25]), st.integers(0, 9)), min_size=1, max_size=30
)


def series(clock):
    epoch, step = zip(*clock, strict=True)
    return Series("a", "G", *[[1.0] * len(clock)] * 3, epoch=epoch, step=step)


def steps_of(clock):
    """The steps of each epoch, by its number."""
    found = {}
    for epoch, step in clock:
        found.setdefault(math.floor(epoch), []).append(step)
    return found


@given(rows, rows)
def test_an_axis_spans_the_steps_of_each_epoch(first, second):
    axis = Axis.of([series(first), series(second)], "epoch")
    steps = steps_of(first + second)
    assert axis.first_steps == {epoch: min(each) for epoch, each in steps.items()}
    assert axis.steps == {epoch: max(each) - min(each) + 1 for epoch, each in steps.items()}
    assert (axis.begin, axis.end) == (min(steps), max(steps) + 1)


@given(rows)
def test_rows_are_spread_over_their_epoch(clock):
    steps = steps_of(clock)
    seen = dict.fromkeys(steps, 0)
    expected = []
    for epoch, step in clock:
        whole = math.floor(epoch)
        inside = steps[whole]
        if epoch != whole:
            expected.append(epoch)
        elif len(set(inside)) > 1:
            expected.append(whole + (step - min(inside)) / (max(inside) - min(inside) + 1))
        else:
            expected.append(whole + seen[whole] / len(inside))
            seen[whole] += 1
    found = series(clock)
    assert Axis.of([found], "epoch").positions(found).tolist() == expected


def test_validation_in_an_epoch_without_training_has_a_place():
    axis = Axis.of([series([(0, 0), (0, 1), (1, 2)])])
    assert axis.positions(series([(3, 2), (3, 2)])).tolist() == [3.0, 3.5]


def test_rows_of_a_clock_that_was_set_back_are_put_in_order():
    found = envelope([2, 0, 3, 1], [30.0, 10.0, 40.0, 20.0], 0, 4, 2)
    assert (found.low, found.high) == ([10.0, 30.0], [20.0, 40.0])


def test_the_mean_of_equal_values_is_that_value():
    found = envelope(range(1000), [0.1] * 1000, 0, 1000, 3)
    assert found.mean == [0.1] * 3


def test_a_term_that_was_never_finite_is_strict_json():
    numbers = array("f", [math.nan] * 3), array("d", [1.0] * 3), array("d", [math.inf] * 3)
    clock = array("d", [0.0] * 3), array("q", range(3))
    columns = LossColumns(numbers[0], numbers[1], numbers[2], numbers[0], *clock)
    data = page_data([NamedLog("r", LossLogData("unused", {"losses": {}}, {"a": columns}))])
    json.dumps(data, allow_nan=False)
    assert data["runs"][0]["losses"][0]["broken"] == [[0.0, 1], [1.0, 1], [2.0, 1]]


@pytest.mark.parametrize("module", ["run.page", "run.summary", "run.plot"])
def test_without_numpy_the_message_says_what_to_install(module):
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from lossspec.errors import MissingExtraError\n"
        f"try: import lossspec.report.{module}\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == (
        'reports on runs need numpy, which is not installed: pip install "lossspec[report]", '
        'or "lossspec[plot]" for pictures too\n'
    ), done.stderr
