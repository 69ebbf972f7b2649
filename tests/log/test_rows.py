from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.errors import LossResultError
from lossspec.log.rows import WIDTH, LMHistory


def row(number):
    return (float(number), 2.0, 0.5, number // 10, number, 1, 0.0)


def test_columns_are_32_bit_and_weights_are_the_product():
    history = LMHistory()
    history.add(0.1, 100.0, 0.5, 0, 0, 1, 0.0)
    assert history.raw == array("f", [0.1])
    assert history.weights == array("f", [50.0])
    assert history.losses == array("f", [5.0])
    assert (history.raw.typecode, history.weights.typecode, history.losses.typecode) == ("f", "f", "f")


@given(limit=st.integers(1, 200), slack=st.integers(0, 100), takes=st.lists(st.integers(0, 500), max_size=4))
def test_keeps_the_newest_rows_and_counts_the_dropped(limit, slack, takes):
    history = LMHistory(limit, slack)
    number = 0
    for count in takes:
        begin = number
        for _ in range(count):
            history.add(*row(number))
            number += 1
        assert len(history) == min(count, limit)
        assert list(history.raw) == [float(each) for each in range(begin, number)][-limit:]
        taken = history.take()
        assert list(taken[::WIDTH]) == [float(each) for each in range(begin, number)][-limit:]
        assert history.lost == max(0, count - limit)
        history.lost = 0
        assert len(history) == 0
        assert list(history.last) == (list(map(float, row(number - 1))) if number else [])


@pytest.mark.parametrize("column", ["raw", "weights", "losses", "rows", "last"])
def test_columns_are_copies(column):
    history = LMHistory()
    history.add(*row(1))
    held = getattr(history, column)
    before = list(held)
    held[0] = 99.0
    assert list(getattr(history, column)) == before
    history.add(*row(2))
    assert len(history) == 2


@given(limit=st.integers(1, 300), slack=st.integers(0, 100), count=st.integers(0, 2000))
def test_a_recorder_that_asks_for_room_keeps_the_rows_bounded(limit, slack, count):
    history = LMHistory(limit, slack)
    for number in range(count):
        history.add(*row(number))
        if len(history.flat) >= history.end:
            history.trim()
    assert len(history.flat) <= (limit + slack) * WIDTH
    assert list(history.raw) == [float(each) for each in range(count)][-limit:]
    assert history.lost + len(history) <= count


def test_a_complex_result_is_refused_where_it_is_read():
    history = LMHistory()
    history.add(1.0 + 2.0j, 1.0, 1.0, 0, 0, 1, 0.0)
    with pytest.raises(LossResultError, match=r"real number.*1\+2j"):
        history.take()
