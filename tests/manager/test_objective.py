import pytest
import torch
from torch import nn

from lossspec import LossManager, register_loss, schedules


def hand_written(x, y, p):
    f = nn.functional
    return (
        0.5 * f.binary_cross_entropy_with_logits(p, torch.ones_like(p))
        + 100.0 * f.l1_loss(x, y)
        + 10.0 * f.mse_loss(x, y)
        - 0.1 * f.huber_loss(x, y)
    ) * 0.7


TERMS = {
    "gan": {"type": "torch.BCEWithLogitsLoss", "inputs": ["p", 1.0], "weight": 0.5},
    "l1": {"weight": 100.0},
    "l2": {"type": "torch.MSELoss", "weight": 10.0},
    "huber": {"type": "torch.HuberLoss", "weight": -0.1},
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_total_and_gradients_equal_the_hand_written_sum(make_manager, dtype):
    objective = make_manager(objectives={"total": 0.7}, **TERMS).objective()
    x, p = (torch.rand(2, 3, 5, 5, dtype=dtype, requires_grad=True) for _ in range(2))
    y = torch.rand(2, 3, 5, 5, dtype=dtype)
    found, expected = objective(x=x, y=y, p=p), hand_written(x, y, p)
    assert found.dtype == expected.dtype
    assert torch.equal(found, expected)
    for gradient, wanted in zip(
        torch.autograd.grad(found, [x, p]), torch.autograd.grad(expected, [x, p]), strict=True
    ):
        assert torch.equal(gradient, wanted)


def test_losses_are_submodules_under_a_prefix():
    class Learned(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))

        def forward(self, x, y):
            return (self.scale * (x - y)).abs().mean()

    register_loss("test_objective.Learned")(Learned)
    from lossspec.language.model import Input, ObjectiveSpec, Spec, Term

    inputs = (Input(name="x"), Input(name="y"))
    losses = {
        name: Term(name=name, type="test_objective.Learned", inputs=inputs) for name in ("train", "keys")
    }
    spec = Spec(name="t", reference="t", losses=losses, objectives={"total": ObjectiveSpec(name="total")})
    objective = LossManager.from_spec(spec).objective()
    assert [name for name, _ in objective.named_parameters()] == ["loss_train.scale", "loss_keys.scale"]
    assert list(objective.state_dict()) == ["loss_train.scale", "loss_keys.scale"]
    objective.to(torch.float64)
    assert objective(x=torch.ones(2).double(), y=torch.zeros(2).double()).dtype == torch.float64
    objective(x=torch.ones(2).double(), y=torch.zeros(2).double()).backward()
    assert objective.loss_train.scale.grad.tolist() == [0.5, 0.5]


def window(start, end, unit="step"):
    return schedules.window(value=2.0, start=start, end=end, unit=unit)


def test_at_zero_decides_what_runs_and_what_is_needed(make_manager):
    manager = make_manager(
        always={"inputs": ["x", "y"]},
        skip={"inputs": ["x", "s"], "weight": window(2, 4), "at_zero": "skip"},
        record={"inputs": ["x", "r"], "weight": window(2, 4), "at_zero": "record"},
        compute={"inputs": ["x", "c"], "weight": window(2, 4), "at_zero": "compute"},
        monitor={"inputs": ["x", "m"], "weight": 0.0, "at_zero": "record"},
    )
    objective = manager.objective()
    needs, totals = [], []
    for step in range(6):
        needs.append("".join(sorted(objective.needed())))
        tensors = {name: torch.ones(2, requires_grad=True) for name in objective.needed()}
        tensors["x"] = torch.zeros(2, requires_grad=True)
        total = objective(**tensors)
        total.backward()
        totals.append(total.item())
        reached = {name for name, tensor in tensors.items() if tensor.grad is not None}
        inside = 2 <= step < 4
        assert reached == ({"x", "y", "s", "r", "c"} if inside else {"x", "y", "c"})
        manager.step()
    assert needs == ["cmrxy", "cmrxy", "cmrsxy", "cmrsxy", "cmrxy", "cmrxy"]
    assert totals == [1.0, 1.0, 7.0, 7.0, 1.0, 1.0]
    losses = manager.get_registered_losses(strip=False)
    assert {name: len(loss.history) for name, loss in losses.items()} == {
        "always": 6,
        "skip": 2,
        "record": 6,
        "compute": 6,
        "monitor": 6,
    }
    assert list(losses["record"].history.weights) == [0.0, 0.0, 2.0, 2.0, 0.0, 0.0]
    assert list(losses["monitor"].history.raw) == [1.0] * 6


def test_every_runs_on_multiples_with_its_gain(make_manager):
    manager = make_manager(
        a={"inputs": ["x", "y"]}, lazy={"inputs": ["x", "z"], "weight": 0.5, "every": (4, 8.0)}
    )
    objective = manager.objective()
    totals = []
    for step in range(9):
        due = {"x", "y"} | ({"z"} if step % 4 == 0 else set())
        assert objective.needed() == due
        totals.append(objective(**{name: torch.full((2,), float(name == "x")) for name in due}).item())
        manager.step()
    assert totals == [5.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0, 1.0, 5.0]
    lazy = manager.get_registered_losses(strip=False)["lazy"]
    assert list(lazy.history.losses) == [4.0, 4.0, 4.0]
    assert list(lazy.history.weights) == [4.0, 4.0, 4.0]
    assert list(lazy.history.raw) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("at_zero", ["skip", "record"])
def test_a_total_of_no_terms_is_a_zero_with_a_graph(make_manager, at_zero):
    manager = make_manager(a={"weight": 0.0, "at_zero": at_zero})
    objective = manager.objective()
    tensors = {name: torch.ones(2, requires_grad=True) for name in objective.needed()}
    total = objective(**tensors)
    assert total.item() == 0.0
    total.backward()
    (total * 2).backward()
    with torch.no_grad():
        assert objective(**tensors).item() == 0.0


def test_tensors_of_skipped_terms_can_be_passed(make_manager):
    objective = make_manager(a={}, b={"inputs": ["x", "z"], "weight": 0.0}).objective()
    x, y, z = (torch.rand(2) for _ in range(3))
    assert torch.equal(objective(x=x, y=y, z=z), objective(x=x, y=y))


def test_an_objective_at_weight_zero_skips_its_terms(make_manager):
    manager = make_manager(objectives={"total": window(1, 3, "epoch")}, a={"weight": 3.0})
    objective = manager.objective()
    found = []
    for epoch in range(4):
        manager.set_progress(epoch=epoch)
        found.append((sorted(objective.needed()), manager.get_loss_weights()["a"]))
        objective(**{name: torch.full((1,), float(name == "x")) for name in objective.needed()})
    assert found == [([], 0.0), (["x", "y"], 6.0), (["x", "y"], 6.0), ([], 0.0)]
    assert list(manager.get_registered_losses(strip=False)["a"].history.losses) == [6.0, 6.0]


def test_a_weight_set_by_hand_counts_at_once(make_manager):
    manager = make_manager(a={"weight": 0.0})
    objective = manager.objective()
    assert objective.needed() == set()
    manager.get_registered_losses(strip=False)["a"].loss_weight = 4.0
    assert objective.needed() == {"x", "y"}
    assert objective(x=torch.ones(2), y=torch.zeros(2)).item() == 4.0


def test_each_call_binds_its_own_tensors():
    manager = LossManager.from_spec("pix2pix")
    pred = torch.randn(1, 1, 2, 2)
    image = torch.rand(1, 3, 4, 4)
    assert manager.objective("G")(pred_fake=pred, y=image, y_fake=image).item() == pytest.approx(
        nn.functional.softplus(-pred).mean().item()
    )
    assert manager.objective("D")(pred_fake=pred, pred_real=-pred).item() == pytest.approx(
        nn.functional.softplus(pred).mean().item()
    )


@pytest.mark.parametrize("others", [[], ["b"]])
@pytest.mark.parametrize("at_zero", ["skip", "record"])
def test_the_total_is_never_the_tensor_that_a_term_was_given(make_manager, others, at_zero):
    """A weight of 1 multiplies nothing; who adds to the total must not change what the model holds."""
    terms = {"a": {}, "z": {"weight": 0.0, "at_zero": at_zero}, **{name: {} for name in others}}
    passed_on = {"type": "lossspec.Precomputed", "inputs": ["value"]}
    manager = make_manager(**{name: {**passed_on, **keys} for name, keys in terms.items()})
    value = torch.tensor(2.0)
    total = manager.objective()(value=value)
    assert total.item() == 2.0 * (1 + len(others))
    total += 1.0
    assert value.item() == 2.0


def test_a_loss_in_eval_mode_stays_in_it_in_a_model_that_trains(make_manager, xy):
    """As lpips.LPIPS, whose linear layers have dropout."""

    @register_loss("mine.WithDropout")
    class WithDropout(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = torch.nn.Dropout()
            self.eval()

        def forward(self, x, y):
            return self.drop((x - y).abs()).mean()

    objective = make_manager(a={"type": "mine.WithDropout"}).objective()
    model = torch.nn.ModuleDict({"objective": objective})
    x, y = xy
    expected = (x - y).abs().mean()
    for each in (model, model.eval(), model.train()):
        assert each["objective"](x=x, y=y) == expected
    assert objective.training
