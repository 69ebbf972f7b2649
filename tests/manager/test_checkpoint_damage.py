"""Checkpoints of any wrong shape: an error that says what, never one of Python, and nothing has changed."""

import copy
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.mutation import GONE, changed, places
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
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.just(5000).map(lambda digits: 10**digits)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([(), (1,), (2,), (7,), (2, 2), (5056,)]).map(torch.zeros)
    | st.sampled_from(
        [
            torch.ones(2, dtype=torch.complex64),
            torch.zeros((), device="meta"),
            torch.zeros(7, dtype=torch.float64),
            torch.zeros(5056, dtype=torch.uint8),
            torch.eye(2).to_sparse(),
            nn.UninitializedParameter(),
        ]
    ),
    lambda each: (
        st.lists(each, max_size=2)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 3) | st.none(), each, max_size=2)
    ),
    max_leaves=3,
)


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
        self.seen = state["seen"] + 0


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


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A manager of each kind, and a checkpoint of a later time."""
    found = {}
    for make in MAKERS:
        folder = tmp_path_factory.mktemp(make.__name__)
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
        found[make] = other, saved
    return found


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one.nan_to_num(nan=-1.5), other.nan_to_num(nan=-1.5))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


@pytest.mark.parametrize("make", MAKERS)
@given(data=st.data())
def test_a_member_of_another_shape(runs, make, data):
    manager, saved = runs[make]
    at = data.draw(st.sampled_from([*places(saved)]), label="member")
    load(manager, changed(saved, at, data.draw(st.just(GONE) | VALUES if at else VALUES, label="value")))


@pytest.mark.parametrize("make", MAKERS)
@given(data=st.data())
def test_a_key_that_is_not_known(runs, make, data):
    manager, saved = runs[make]
    tables = [at for at in places(saved) if isinstance(member(saved, at), dict)]
    at = data.draw(st.sampled_from(tables), label="table")
    key = data.draw(st.none() | st.integers() | st.text(max_size=3), label="key")
    load(manager, changed(saved, at, {**member(saved, at), key: data.draw(VALUES, label="value")}))


def member(value, at):
    for key in at:
        value = value[key]
    return value


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


def test_a_module_that_refuses_its_state_changes_nothing(runs):
    manager, saved = runs[plain]
    before = copy.deepcopy(manager.state_dict())
    wrong = changed(saved, ("losses", "noisy", "_extra_state"), {"seen": "3"})
    with pytest.raises(
        CheckpointError, match="the state of loss `noisy` in the checkpoint is invalid: TypeError"
    ):
        manager.load_state_dict(wrong)
    assert same(manager.state_dict(), before)
