"""``lossspec report``: where the page is written, and the names of its runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from lossspec import LossManager
from lossspec.cli.report import report_command
from lossspec.report.run.page_data import shortest


@pytest.fixture
def runs(tmp_path):
    for name in ("runs/7", "runs/8"):
        with LossManager(experiment_dir=tmp_path / name) as manager:
            manager.register_loss_fn("l1", torch.nn.L1Loss())
            manager.compute_loss_xy("l1", torch.ones(2), torch.zeros(2))
    return tmp_path / "runs"


def report(*arguments):
    return CliRunner().invoke(report_command, list(map(str, arguments)))


def test_it_writes_into_the_first_run(runs):
    done = report(runs / "7", runs / "8" / "loss_log.jsonl")
    assert (done.exit_code, done.output) == (0, f"{runs / '7' / 'report.html'}\n")
    page = (runs / "7" / "report.html").read_text(encoding="utf-8")
    assert "<title>7, 8</title>" in page


def test_it_writes_to_the_output_option(runs):
    path = runs / "page.html"
    assert report(runs / "7", "-o", path, "--points", "10").exit_code == 0
    assert '"stretches":10' in path.read_text(encoding="utf-8")


def test_a_missing_run_is_an_error(runs):
    done = report(runs / "9")
    assert done.exit_code == 1
    assert str(done.exception).startswith(f"the loss log `{runs / '9'}` is missing: expected the folder")
    done = report(runs / "7", "-o", runs / "nowhere" / "page.html")
    assert done.exit_code == 1
    assert "No such file or directory" in done.output
    assert report().exit_code == 2


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["/r/7"], ["7"]),
        (["/r/7", "/r/8"], ["7", "8"]),
        (["/a/7", "/b/7", "/b/8"], ["a/7", "b/7", "8"]),
        (["/a/7", "/a/7"], ["/a/7", "/a/7"]),
    ],
)
def test_runs_get_the_shortest_distinct_names(folders, expected):
    assert shortest([Path(folder) for folder in folders]) == expected
