"""Two ranks in ignite and in Accelerate: one collective a flush, none in a step, and the log has the mean."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lossspec import read_log

PROCESSES = Path(__file__).parent / "processes"


def torchrun(script, *arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, PROCESSES / script, *arguments], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return done.stdout


@pytest.mark.slow
def test_ignite_keeps_to_one_collective_a_flush(spec, run):
    said = torchrun("ignite_ranks.py", spec, run)
    flushes = "'all_reduce', 'all_reduce', 'all_reduce'"  # two epochs, and the end of the run
    assert sorted(re.findall(rf"rank (\d): \[{flushes}\] {{0}}", said)) == ["0", "1"]
    assert "rank 1: the data of rank 1 is gone, []" in said
    log = read_log(run)
    assert log.losses["near"].step.tolist() == list(range(6))
    assert log.losses["near"].batch_size.tolist() == [8] * 6
    assert log.validations["unseen"]["near"].raw.tolist() == [0.5, 0.5]
    assert log.header["ranks"] == 2
