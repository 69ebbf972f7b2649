"""A run with two objectives, a validation section and a term that starts late; and writers to look at."""

from __future__ import annotations

import pytest
import torch

from lossspec import LossManager

SPEC = """\
format = 1
losses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 10.0, objective = "G" }
losses.mse = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "D" }
[losses.late]
type = "torch.MSELoss"
inputs = ["x", "y"]
objective = "G"
weight = { type = "window", unit = "step", start = 4, value = 2.0 }
[objectives.G]
weight = 0.5
"""


class Kept:
    """A writer that keeps what it is told."""

    whole = False

    def __init__(self, there=None):
        self.there = there or {}
        self.calls = []
        self.points = []

    def begin(self, run, *, resumes):
        self.calls.append(("begin", run.digest, resumes))
        return self.there

    def write(self, points):
        self.calls.append(("write", len(points)))
        self.points += points

    def close(self):
        self.calls.append(("close",))

    def values(self):
        """Return the last value by tag and position."""
        return {
            (tag, each.point.position): value for each in self.points for tag, value in each.values().items()
        }


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "two.loss.toml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture
def train():
    """Return a function that trains some steps: a flush and a validation every third step."""

    def run(manager, steps, *, ends=True):
        y = torch.zeros(4)
        for step in steps:
            manager.set_progress(epoch=step // 3)
            for name in ("G", "D"):
                manager.objective(name)(x=y + step + 1, y=y)
            manager.step()
            if step % 3 == 2:
                with manager.validating("unseen"), torch.no_grad():
                    manager.objective("G")(x=y + 100.0 * step, y=y)
                manager.update_loss_log()
        if ends:
            manager.close()

    return run


@pytest.fixture
def make(spec):
    """Return a function that makes a manager of the spec."""

    def make(*writers, **options):
        return LossManager.from_spec(spec, writers=list(writers), **options)

    return make
