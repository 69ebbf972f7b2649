"""Two ranks in ignite and in Accelerate: one collective a flush, none in a step, and the log has the mean."""

import csv
import re

import pytest
from tests.trainers.launch import PROCESSES, TORCHRUN, started

from lossspec import read_log


@pytest.mark.slow
def test_ignite_keeps_to_one_collective_a_flush(spec, run, tmp_path):
    said = started([*TORCHRUN, PROCESSES / "ignite_ranks.py", spec, run], tmp_path).stdout
    flushes = "'all_reduce', 'all_reduce', 'all_reduce'"  # two epochs, and the end of the run
    assert sorted(re.findall(rf"rank (\d): \[{flushes}\] {{0}}", said)) == ["0", "1"]
    assert "rank 1: the data of rank 1 is gone, []" in said
    log = read_log(run)
    assert log.losses["near"].step.tolist() == list(range(6))
    assert log.losses["near"].batch_size.tolist() == [8] * 6
    assert log.validations["unseen"]["near"].raw.tolist() == [0.5, 0.5]
    assert log.header["ranks"] == 2


def columns(folder):
    log = read_log(folder / "run")
    names = ("raw", "term_weight", "epoch", "step", "batch_size")
    return {loss: {name: getattr(each, name).tolist() for name in names} for loss, each in log.losses.items()}


@pytest.mark.slow
def test_the_recipe_for_accelerate_resumes_exactly(spec, tmp_path):
    """Six batches are three for each process, accumulated by two: two steps an epoch."""

    def train(folder, first, last):
        script = PROCESSES / "accelerate_ranks.py"
        return started([*TORCHRUN, script, spec, folder, str(first), str(last)], tmp_path).stdout

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    said = train(whole, 0, 3)
    clock = [0, 0, 1, 2, 2, 3, 4, 4, 5]
    for process in (0, 1):
        assert f"{process}: {['all_reduce'] * 3} {{0}} {clock}" in said
    train(parts, 0, 2)
    train(parts, 1, 3)
    assert columns(whole)["near"]["step"] == clock
    assert columns(whole)["near"]["batch_size"] == [8] * 9
    assert columns(parts) == columns(whole)
    with (parts / "losses.csv").open(newline="") as file:
        lines = [(each["loss"], int(each["step"])) for each in csv.DictReader(file)]
    assert len(lines) == len(set(lines)) == 3 * 6
