"""LossCallback in other processes: several ranks, and LightningCLI."""

import json

import pytest
from tests.trainers.launch import PROCESSES, PYTHON, TORCHRUN, started

from lossspec import read_log


@pytest.mark.parametrize("launcher", [TORCHRUN, PYTHON], ids=["torchrun", "Lightning"])
def test_two_ranks_share_one_log(spec, run, tmp_path, launcher):
    """Each rank has 5 of 10 samples. Lightning starts its second process itself."""
    script = [PROCESSES / "lightning_ranks.py", spec]
    done = started([*launcher, *script, run], tmp_path)
    ranks = [json.loads((run / f"rank{rank}.json").read_text()) for rank in (0, 1)]
    assert ranks[0] == ranks[1], "the ranks have different metrics"
    assert (ranks[0]["flushes"], ranks[0]["others"]) == ([1], 0), "collectives"
    assert "raw/near_epoch" in ranks[0]["metrics"]
    assert "recommended to use `self.log" not in done.stderr
    log = read_log(run)
    assert log.header["ranks"] == 2
    assert log.losses["near"].step.tolist() == list(range(6))
    assert log.losses["near"].batch_size.tolist() == [4, 4, 2, 4, 4, 2]
    assert log.sections()["validation"]["near"].step.tolist() == [3, 6]
    whole = {name: columns.raw.tolist() for name, columns in log.losses.items()}
    if launcher is TORCHRUN:
        started([*launcher, *script, run, run / "saved" / "step=3.ckpt"], tmp_path)
        again = read_log(run)
        assert {name: columns.raw.tolist() for name, columns in again.losses.items()} == whole
        assert again.resumes


def test_the_spec_is_an_argument_of_a_command_line(spec, tmp_path):
    config = tmp_path / "fit.yaml"
    config.write_text(
        "trainer:\n  max_epochs: 2\n  accelerator: cpu\n  logger: false\n  enable_progress_bar: false\n"
        "  callbacks:\n"
        "    - class_path: lossspec.integrations.lightning.LossCallback\n"
        "      init_args:\n        prog_bar: true\n"
    )
    command = [*PYTHON, PROCESSES / "cli.py", "fit", "--config", config]
    started([*command, "--model.spec", spec, "--model.params", '{"top": 5.0}'], tmp_path)
    log = read_log(tmp_path / "run")
    assert log.losses["near"].step.tolist() == list(range(6))
    assert log.losses["near"].term_weight.tolist() == pytest.approx([1 + 0.4 * step for step in range(6)])
    assert log.header["params"] == {"top": 5.0}


def test_forked_processes_have_copies(spec, run, tmp_path):
    done = started([*PYTHON, PROCESSES / "lightning_copies.py", spec, run, "ddp_fork", "early"], tmp_path, 1)
    assert "LossSpecError: the LossManager is a copy, which writes nothing" in done.stderr


def test_spawned_processes_can_make_a_manager(spec, run, tmp_path):
    started([*PYTHON, PROCESSES / "lightning_copies.py", spec, run, "ddp_spawn", "late"], tmp_path)
    assert read_log(run).losses["near"].step.tolist() == list(range(6))
