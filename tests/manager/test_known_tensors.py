"""Which tensors an objective accepts: all that its spec knows, whatever their names."""

import copy

import pytest
import torch
from torch import nn

from lossspec import LossManager, register_balancer
from lossspec.errors import UnknownNameError
from lossspec.log.rows import SAMPLES

TENSORS = {
    "y_fake": torch.rand(2, 3, 16, 16),
    "y": torch.rand(2, 3, 16, 16),
    "pred_fake": torch.randn(2, 1, 2, 2),
    "pred_real": torch.randn(2, 1, 2, 2),
}


@pytest.mark.parametrize("is_compiled", [False, True])
def test_one_dict_serves_all_objectives(compiled, is_compiled):
    manager = LossManager.from_spec("pix2pix")
    for name in ("G", "D"):
        objective = manager.objective(name)
        needed = {each: TENSORS[each] for each in objective.needed()}
        assert needed.keys() < TENSORS.keys()
        expected = objective(**needed)
        call = compiled(objective)[0] if is_compiled else objective
        assert torch.equal(call(**TENSORS), expected)


@pytest.mark.parametrize("name", ["G", "D"])
def test_what_the_spec_does_not_know_is_an_error(name):
    objective = LossManager.from_spec("pix2pix").objective(name)
    with pytest.raises(UnknownNameError) as raised:
        objective(**TENSORS, pred_reel=torch.zeros(1))
    assert str(raised.value) == (
        f"unknown tensor `pred_reel` in the call of objective `{name}`: a tensor with a similar name exists: "
        "`pred_real`"
    )


def test_declared_inputs_and_those_of_a_balance_are_known(tmp_path):
    @register_balancer("test_known.first")
    class First(nn.Module):
        def __init__(self, losses: list[str]):
            super().__init__()

        def forward(self, values, weights, layer):
            return sum(values.values()), weights

    path = tmp_path / "t.loss.toml"
    path.write_text(
        """
        format = 1
        inputs = { x = "", y = "", layer = "", spare = "" }
        losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "A" }
        losses.b = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "B" }
        losses.d = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "B" }
        variants.more.losses.c = { type = "torch.L1Loss", inputs = ["spare", "y"], objective = "A" }
        objectives.B.balance = { type = "test_known.first", losses = ["b", "d"], inputs = ["layer"] }
        """
    )
    manager = LossManager.from_spec(path)
    given = {name: torch.ones(2) for name in ("x", "y", "layer", "spare")}
    assert manager.objective("A")(**given) == 0.0
    assert manager.objective("B")(**given) == 0.0


def test_the_batch_size_is_that_of_a_needed_tensor(make_manager):
    manager = make_manager(
        a={"inputs": ["x", "y"], "objective": "A"}, b={"inputs": ["z", "y"], "objective": "B"}
    )
    manager._recorders.counts_samples = True  # as on several ranks
    manager.objective("A")(z=torch.ones(7), x=torch.ones(4), y=torch.zeros(4))
    (loss,) = manager.get_registered_losses(["A"], strip=False).values()
    assert loss.history.last[SAMPLES] == 4


@pytest.mark.parametrize(
    "balance", ["", 'objectives.total.balance = { type = "test_known.sum", losses = ["a", "b"] }']
)
def test_a_tensor_can_be_called_self(tmp_path, balance):
    @register_balancer("test_known.sum")
    class Sum(nn.Module):
        def __init__(self, losses: list[str]):
            super().__init__()

        def forward(self, values, weights):
            return sum(values.values()), weights

    path = tmp_path / "t.loss.toml"
    path.write_text(
        f'format = 1\nlosses.a = {{ type = "torch.L1Loss", inputs = ["self", "other"] }}\n'
        f'losses.b = {{ type = "torch.MSELoss", inputs = ["self", "other"] }}\n{balance}'
    )
    manager = LossManager.from_spec(path)
    objective = manager.objective()
    assert sorted(objective.needed()) == ["other", "self"]
    tensors = {"self": torch.ones(2), "other": torch.zeros(2)}
    assert objective(**tensors) == 2.0
    assert copy.deepcopy(objective)(**tensors) == 2.0
    assert manager.get_loss_values() == {"a": 1.0, "b": 1.0}
    with pytest.raises(UnknownNameError, match="unknown tensor `othr`"):
        objective(self=torch.ones(2), othr=torch.zeros(2))
