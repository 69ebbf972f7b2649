import os
import socket
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossspec import read_log
from lossspec.log.rows import RAW, SAMPLES, STEP, WIDTH
from lossspec.manager.record.ranks import _merge_rows, batch_size

PROCESSES = Path(__file__).parent / "processes"
ROOT = str(Path(__file__).parents[2])  # for `tests.collectives`
SCENARIOS = 14


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 4])
def test_processes_of_torchrun(tmp_path, ranks):
    torchrun(ranks, SCENARIOS, "ranks.py", tmp_path)


@pytest.mark.slow
def test_faults_of_one_rank(tmp_path):
    torchrun(2, 6, "ranks_faults.py", tmp_path, "10")


def torchrun(ranks, scenarios, *script):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    done = subprocess.run(
        [*command, PROCESSES / script[0], *script[1:]],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))},
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert done.stdout.count(f" of {ranks}: ") == ranks * scenarios


@pytest.mark.slow
def test_a_dead_rank_leaves_a_readable_log(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [sys.executable, PROCESSES / "rank_dies.py", tmp_path],
            env={**environment, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(2)
    ]
    said, _ = processes[0].communicate(timeout=120)
    processes[1].communicate()
    assert said == "only the values of this rank were written to the loss log\n"
    log = read_log(tmp_path)
    assert log.losses["a"].raw.tolist() == [5.0, 6.0, 7.0, 8.0, 9.0, 5.0, 6.0, 7.0]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.floats(-10, 10), st.integers(1, 8)), max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_differing_rows_are_merged_by_clock(of_ranks):
    columns = []
    for rows in of_ranks:
        flat = array("d")
        for step, value, samples in sorted(rows, key=lambda row: row[0]):
            flat.extend((value, 1.0, 1.0, 0.0, step, samples, 60.0))
        columns.append(flat)
    merged = _merge_rows(columns)
    steps = merged[STEP::WIDTH]
    assert list(steps) == sorted(steps)
    for step in set(steps):
        counts = [sum(1 for row in rows if row[0] == step) for rows in of_ranks]
        assert list(steps).count(step) == max(counts)
    total = sum(value * samples for rows in of_ranks for _, value, samples in rows)
    found = sum(v * n for v, n in zip(merged[RAW::WIDTH], merged[SAMPLES::WIDTH], strict=True))
    assert found == pytest.approx(total, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ([torch.zeros(7, 2), torch.zeros(3)], 7),
        ([1.0, torch.zeros(3)], 3),
        ([[torch.zeros(5), torch.zeros(2)]], 5),
        ([torch.zeros(())], 1),
        ([1.0, "a"], 1),
        ([], 1),
    ],
)
def test_the_batch_size_is_that_of_the_first_tensor(values, size):
    assert batch_size(values) == size
