"""Managers with checkpoints, for tests that change one: it loads, or is refused and changes nothing."""

import copy
import operator
import warnings

import torch
from torch import nn

from lossspec import LossManager
from lossspec.errors import CheckpointError

SPEC = """
format = 1
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "G" }
losses.b = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "G" }
losses.c = { type = "torch.L1Loss", inputs = ["x", "y"], every = { steps = 2, gain = 2.0 }, objective = "D" }
"""
BALANCE = '[objectives.G.balance]\ntype = "lossspec.%s"\nlosses = ["a", "b"]\n'


class Noisy(nn.Module):
    """A loss with a buffer, a generator and a state of its own."""

    def __init__(self):
        super().__init__()
        self.noise = torch.Generator().manual_seed(7)
        self.register_buffer("mean", torch.zeros(2))
        self.seen = 0

    def forward(self, x, y):
        self.seen += 1
        return (x - y).abs().mean() + torch.rand((), generator=self.noise)

    def get_extra_state(self):
        return {"seen": self.seen}

    def set_extra_state(self, state):
        self.seen = operator.index(state["seen"])


def plain(_folder):
    manager = LossManager()
    manager.register_loss_fn("a", nn.L1Loss())
    manager.register_loss_fn("noisy", Noisy(), loss_weight=3.0)
    return manager


def lazy(folder):
    return from_text(folder, "")


def balanced(folder):
    return from_text(folder, BALANCE % "ReLoBRaLo")


def by_epochs(folder):
    return from_text(folder, BALANCE % "DynamicWeightAverage")


def from_text(folder, more):
    path = folder / "x.loss.toml"
    path.write_text(SPEC + more)
    return LossManager.from_spec(path)


MAKERS = [plain, lazy, balanced, by_epochs]


def run_of(make, folder):
    """Return a manager, and a checkpoint of another one at a later time."""
    manager, other = make(folder), make(folder)
    for each, steps in ((manager, 3), (other, 1)):
        for step in range(steps):
            each.set_progress(epoch=step, total_epochs=9, batch_size=2)
            x, y = torch.ones(2, requires_grad=True), torch.zeros(2)
            if make is plain:
                each.compute_loss("a", x, y)
                each.compute_loss("noisy", x, y)
                each.get_registered_losses(strip=False)["a"].loss_weight = 2.0 + steps
            else:
                each.objective("G")(x=x, y=y)
                each.objective("D")(x=x, y=y)
            each.step()
    saved = manager.state_dict()
    saved["waiting"] = {"losses": {"a": torch.zeros(14, dtype=torch.float64)}}
    return other, saved


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one.nan_to_num(nan=-1.5), other.nan_to_num(nan=-1.5))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def load(manager, state):
    """Load a state: it works, or gives an error and changes nothing."""
    before = copy.deepcopy(manager.state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            manager.load_state_dict(state)
        except CheckpointError as error:
            message = str(error)
        else:
            message = ""
        if message:
            assert len(message) < 500
            assert same(manager.state_dict(), before)
        else:
            manager.state_dict()
            manager.load_state_dict(before)
