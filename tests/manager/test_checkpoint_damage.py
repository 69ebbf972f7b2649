"""Checkpoints of any wrong shape: an error that says what, never one of Python, and nothing has changed."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.manager.checkpoints import MAKERS, load, plain, run_of, same
from tests.mutation import GONE, changed, member, places
from torch import nn

from lossspec.errors import CheckpointError

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


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A manager of each kind, and a checkpoint of a later time."""
    return {make: run_of(make, tmp_path_factory.mktemp(make.__name__)) for make in MAKERS}


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


def test_a_module_that_refuses_its_state_changes_nothing(runs):
    manager, saved = runs[plain]
    before = copy.deepcopy(manager.state_dict())
    wrong = changed(saved, ("losses", "noisy", "_extra_state"), {"seen": "3"})
    with pytest.raises(
        CheckpointError, match="the state of loss `noisy` in the checkpoint is invalid: TypeError"
    ):
        manager.load_state_dict(wrong)
    assert same(manager.state_dict(), before)
