"""A wrong state of a torchjd method in a checkpoint is refused, and named, before anything is changed."""

import copy

import pytest
import torch
from tests.mutation import GONE, changed, places

from lossspec import LossManager
from lossspec.errors import CheckpointError

SPEC = """format = 1
[losses]
a = { type = "torch.L1Loss", inputs = ["x", 1.0] }
b = { type = "torch.MSELoss", inputs = ["x", 2.0] }
c = { type = "torch.HuberLoss", inputs = ["x", 0.0] }
[objectives.total.balance]
losses = ["a", "b", "c"]
"""
KINDS = {
    "GradVac": 'inputs = ["x"]',
    "PCD": 'inputs = ["x"]',
    "MGDA": 'inputs = ["x"]',
    "Random": "",
    "FAMO": "",
}
#: In place of each member; a state may have some of them, such as no tensors before the first call.
WRONG = [
    GONE,
    None,
    "x",
    -1,
    1.5,
    True,
    [],
    {},
    {"forward": None},
    torch.ones(2, 3),
    torch.ones(4, 4),
    torch.ones(4),
    torch.ones(3, dtype=torch.int32),
    torch.tensor(b"x"[0]),
    torch.ones(3, device="meta"),
    (9, torch.float32),
]


def trained(kind, tmp_path, calls=3):
    path = tmp_path / f"{kind}.loss.toml"
    path.write_text(f'{SPEC}type = "torchjd.{kind}"\n{KINDS[kind]}\n')
    manager = LossManager.from_spec(str(path))
    objective = manager.objective()
    for step in range(calls):
        x = (torch.arange(6.0) / 5 + step).requires_grad_()
        objective(x=x * 1.0)
        if kind == "FAMO":
            with manager.unrecorded(), torch.no_grad():
                objective(x=x * 0.9)
            objective.balance.update()
        manager.step()
    manager.update_loss_log()
    return objective.balance


def refusal(balance, state):
    """Return why a state is refused, or ""."""
    try:
        balance.load_state_dict(state)
    except CheckpointError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_each_wrong_member_is_refused_before_anything_changes(kind, tmp_path):
    saved = copy.deepcopy(trained(kind, tmp_path).state_dict())
    balance = trained(kind, tmp_path, calls=1)
    before = str(balance.state_dict())
    saved["weights"] = torch.full((3,), 7.0, dtype=torch.float64) if "weights" in saved else None
    saved = {key: value for key, value in saved.items() if value is not None}
    refused = 0
    for place in places(saved["_extra_state"]):
        for wrong in WRONG:
            if wrong is GONE and not place:
                continue
            state = {**saved, "_extra_state": changed(saved["_extra_state"], place, wrong)}
            problem = refusal(balance, state)
            if problem:
                assert problem.startswith(f"the state of torchjd.{kind} is invalid: ")
                assert len(problem) < 300
                assert str(balance.state_dict()) == before, (place, wrong)
                refused += 1
            else:
                balance.get_extra_state()
                balance.load_state_dict(saved)
                before = str(balance.state_dict())
    assert refused > 25


@pytest.mark.parametrize(
    ("place", "wrong", "problem"),
    [
        (("method", "forward"), None, "`method` has the unknown `forward`"),
        (("method", "_n_steps"), torch.tensor(-1), "`method._n_steps` must be a whole number of at least 0"),
        (("method", "_state_key"), 2, "`method._state_key` must be 3, which the other values fit, got a int"),
        (("calls",), "3", "`calls` must be a whole number of at least 0, got a str"),
    ],
)
def test_a_manager_names_the_place_and_keeps_its_state(tmp_path, place, wrong, problem):
    path = tmp_path / "PCD.loss.toml"
    trained("PCD", tmp_path)
    manager = LossManager.from_spec(str(path))
    x = torch.arange(6.0).requires_grad_()
    manager.objective()(x=x * 1.0)
    manager.update_loss_log()
    saved = manager.state_dict()
    [name] = [each for each in saved["losses"] if "_extra_state" in saved["losses"][each]]
    held = saved["losses"][name]["_extra_state"]
    state = {**saved, "losses": {**saved["losses"]}}
    wrong_state = {**held, "method": dict(held["method"])}
    target = wrong_state["method"] if len(place) == 2 else wrong_state
    target[place[-1]] = wrong
    state["losses"][name] = {**saved["losses"][name], "_extra_state": wrong_state}
    before = str(manager.state_dict())
    with pytest.raises(CheckpointError) as caught:
        manager.load_state_dict(state)
    assert problem in str(caught.value)
    assert "in the checkpoint is invalid: the state of torchjd.PCD is invalid: " in str(caught.value)
    assert str(manager.state_dict()) == before
    manager.load_state_dict(saved)
