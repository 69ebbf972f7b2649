"""The search for near names costs letters, not pairs: two long names take a hundred times as long."""

import pytest

from lossspec import names


@pytest.mark.parametrize("length", [4, 16, 60])
def test_the_search_for_near_names_is_bounded(length, calls, monkeypatch):
    monkeypatch.setattr(names, "BUDGET", 400_000)
    known = [f"{'n' * length}{index:04}" for index in range(1000)]
    names.reset_budget()

    def search():
        found = [names.nearest(f"{'n' * length}x{index:03}", known) for index in range(200)]
        assert found[0] is not None
        assert found[-1] is None  # the budget is spent

    assert calls(search) < 4_000_000
    names.reset_budget()
    assert names.nearest(f"{'n' * length}x001", known[:5]) is not None
