"""What a command does grows with the size of a file: with no number in it, and no power of its length.

Calls and bytes are counted, so the bounds are the same on every machine. They are those of a whole file, of
256 KiB, for a second and 200 MB. The files here are a part of that: a cost that grows faster than a file
shows there, too. ``tests/benchmarks/bench_limits.py`` measures the seconds of whole files.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.limits import worst

ROOT = Path(__file__).parents[2]
SHARE = 1 / 64
#: Calls, of Python and C, for each character of a file: 256 KiB at 40 take about a second.
CALLS = 40
#: Calls whatever the size: 500 problems are worded, and near names looked for up to a budget.
FIXED = {"wrong": 4_000_000}
#: Bytes for each character of a file: 200 MB for 256 KiB.
BYTES = 800
#: Bytes whatever the size: 500 problems, and the moments of a plot.
FIXED_BYTES = 3_000_000


def counted(group):
    """Return the costs of a group of files, counted in a process that is killed after 20 seconds."""
    command = [sys.executable, "-m", "tests.limits.cost", group, str(SHARE)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=20, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("group", [*(each.__name__ for each in worst.RIGHT), "export", "wrong"])
def test_the_cost_is_bounded_by_the_size(group):
    found = counted(group)
    assert len(found) > 5
    over = [
        (name, command, calls // size, peak // size)
        for name, (size, each) in found.items()
        for command, (calls, peak) in each.items()
        if calls > CALLS * size + FIXED.get(group, 150_000) or peak > BYTES * size + FIXED_BYTES
    ]
    assert over == []


def test_the_files_are_as_large_as_files_may_be():
    whole = worst.Filler(1)
    sizes = {name: len(text) for name, text in {**worst.files(1), **worst.wrong(whole)}.items()}
    assert max(sizes.values()) <= 256 * 1024
    assert sum(size > 100_000 for size in sizes.values()) > len(sizes) / 2
