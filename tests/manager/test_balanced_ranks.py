"""Balancers in two real processes: the same weights everywhere, for one collective a step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lossspec import LossManager
from lossspec.log.rows import WIDTH

SPEC = """
format = 1
inputs = { a = "", b = "", c = "", layer = "" }
losses.a = { type = "lossspec.Precomputed", inputs = ["a"], objective = "G", weight = 2.0 }
losses.b = { type = "lossspec.Precomputed", inputs = ["b"], objective = "G" }
losses.c = { type = "lossspec.Precomputed", inputs = ["c"], objective = "G", weight = 0.5 }
[losses.unused]
type = "lossspec.Precomputed"
inputs = ["layer"]
objective = "D"
"""
ARGS = {
    "DynamicWeightAverage": {},
    "EMANormalization": {"decay": 0.9},
    "GradNorm": {"lr": 0.1},
    "LearningRateAnnealing": {"reference": "a", "every": 2},
    "ReLoBRaLo": {"beta": 0.5},
    "SoftAdapt": {"beta": 0.1},
    "UncertaintyWeighting": {},
}
INPUTS = {"GradNorm": ["layer"], "LearningRateAnnealing": ["layer"]}
#: The mean of 0.5 and 2, in batches of 1 and 2.
MEAN = (0.5 + 2 * 2.0) / 3


@pytest.mark.slow
def test_two_processes_weigh_as_one(tmp_path, monkeypatch):
    (tmp_path / "balanced.loss.toml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    runs = {}
    for kind, args in ARGS.items():
        table = {"type": f"lossspec.{kind}", "losses": ["a", "b", "c"], "args": args}
        table["inputs"] = INPUTS.get(kind, [])
        overlay = {"objectives": {"G": {"balance": table}}}
        manager = LossManager.from_spec("balanced.loss.toml", overlay=overlay)
        runs[kind] = table, weights_of_one_process(manager)
    Path("expected.json").write_text(json.dumps(runs))
    script = Path(__file__).parent / "processes" / "balanced_ranks.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, script, "expected.json"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert done.stdout.count("is done") == 2


def weights_of_one_process(manager):
    objective, found = manager.objective("G"), []
    layer = torch.tensor([0.5, 1.5], requires_grad=True)
    losses = manager.get_registered_losses(strip=False)
    for step in range(6):
        manager.set_progress(epoch=step // 2)
        values = {
            name: MEAN * (layer**power).sum() * (1 + (step * power) % 3)
            for name, power in (("a", 1), ("b", 2), ("c", 3))
        }
        given = values | {"layer": layer}
        objective(**{name: value for name, value in given.items() if name in objective.needed()})
        found.append([losses[name].training.flat[1 - WIDTH] for name in "abc"])
    return found
