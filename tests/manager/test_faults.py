import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from lossspec import LossManager, read_log

PROCESSES = Path(__file__).parent / "processes"
#: `make soak` sets it to 500.
KILLS = int(os.environ.get("LOSSSPEC_KILLS", "12"))
ZERO = torch.tensor(0.0)


def start(script, *arguments):
    command = [sys.executable, str(PROCESSES / script), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


@pytest.fixture(scope="module")
def kill():
    """Return a function that trains in a folder, kills the run at random, and says what was covered."""
    with start("killed.py") as trainer:

        def kill_once(folder, seed):
            chance = random.Random(seed)
            trainer.stdin.write(f"{seed} {folder}\n")
            said = []
            deadline = None
            while not said or said[-1] != "dead":
                line = trainer.stdout.readline().strip()
                if line.startswith("pid"):
                    child = int(line.split()[1])
                elif line:
                    said.append(line)
                if deadline is None and said:
                    deadline = threading.Timer(chance.random() * 0.1, os.kill, (child, signal.SIGKILL))
                    deadline.start()
            deadline.join()
            return int(said[-2])

        yield kill_once
        trainer.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_keeps_every_flushed_value(tmp_path, kill, seed):
    covered = kill(tmp_path, seed)
    log = read_log(tmp_path)
    assert set(log.losses) == {"first", "second", "third"}
    rows = {len(columns) for columns in log.losses.values()}
    assert len(rows) == 1
    assert rows.pop() >= covered
    for columns in log.losses.values():
        assert columns.step.tolist() == list(range(len(columns)))
        assert columns.epoch.tolist() == [step // 50 for step in range(len(columns))]
        assert columns.weighted.tolist() == pytest.approx([2 * raw for raw in columns.raw])
    with LossManager(experiment_dir=tmp_path):  # its lock is free
        pass


@pytest.mark.slow
def test_a_full_disk_loses_only_what_exceeds_the_buffer(tmp_path):
    with start("disk_full.py", tmp_path) as process:
        output, _ = process.communicate()
    assert process.returncode == 0
    found = json.loads(output)
    assert found["whole_while_full"]
    (none, first, later, fixed, second, last) = found["warned"]
    assert (none, later, fixed, last) == ([], [], [], [])
    assert first == second  # one warning each time it fills up
    (text,) = first
    assert text == (
        f"cannot write the loss log `{tmp_path}/loss_log.jsonl` (File too large): "
        "the last 100 values of each loss are kept, and written once it is writable again"
    )
    log = read_log(tmp_path)
    values = log.losses["a"].raw.tolist()
    assert log.lost == {"a": 330 - len(values)}
    assert values == [float(value) for value in [*range(50), *range(330 - len(values) + 50, 330)]]
    assert 330 - len(values) <= 300 - 50 - 100
    assert log.losses["a"].step.tolist() == [int(value) for value in values]


def test_a_folder_that_vanishes_and_comes_back(tmp_path):
    folder = tmp_path / "run"
    manager = LossManager(experiment_dir=folder, history_buffer_size=50)
    manager.register_loss_fn("a", lambda x, y: x - y)

    def train(values):
        for value in values:
            manager.compute_loss_xy("a", torch.tensor(float(value)), ZERO)
            manager.step()
        manager.update_loss_log()

    train(range(10))
    shutil.rmtree(folder)
    with pytest.warns(RuntimeWarning, match="No such file or directory"):
        train(range(10, 20))
    train(range(20, 100))  # warned once
    folder.mkdir()
    train(range(100, 110))
    log = read_log(folder)
    assert log.header["record"] == "header"
    assert log.losses["a"].raw.tolist() == [float(value) for value in range(50, 110)]
    assert log.lost == {"a": 40}
    manager.close()


@pytest.mark.slow
def test_a_reader_sees_only_whole_lines_while_it_is_written(tmp_path):
    seen, reads = 0, 0
    with start("writer.py", tmp_path) as process:
        assert process.stdout.readline() == "begun\n"
        while seen < 20_000:
            columns = read_log(tmp_path).losses["a"]
            assert columns.raw.tolist() == [float(value) for value in range(len(columns))]
            assert len(columns) >= seen
            assert len(columns) % 500 == 0
            seen, reads = len(columns), reads + 1
        process.stdin.close()
    assert reads > 1


@pytest.mark.slow
def test_a_forked_worker_does_not_hold_the_lock(tmp_path):
    manager = LossManager(experiment_dir=tmp_path)
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"x")
        signal.pause()
    try:
        os.read(ready, 1)
        manager.close()
        LossManager(experiment_dir=tmp_path).close()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(tell)
