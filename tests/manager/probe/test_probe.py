import json
import math
import pickle

import pytest
import torch
from torch import nn

from lossspec import LossManager, read_log
from lossspec.errors import LogError, LossInputError, LossSpecError, UnknownNameError
from lossspec.manager.probe.suggest import factors
from lossspec.report.run.page import report
from lossspec.report.run.page_data import NamedLog

SPEC = """
format = 1
losses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 3, objective = "G" }
losses.l2 = { type = "torch.MSELoss", inputs = ["x", "y"], weight = 0.5, objective = "G" }
losses.away = { type = "torch.L1Loss", inputs = ["x", "z"], weight = 2, objective = "G" }
losses.other = { type = "torch.L1Loss", inputs = ["w", "y"], objective = "G" }
objectives.G.weight = 10
"""
MARGINS = {"rel": 1e-5}


@pytest.fixture
def manager(tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text(SPEC)
    with LossManager.from_spec(path, experiment_dir=tmp_path / "run", device="cpu") as manager:
        yield manager


@pytest.fixture
def tensors():
    torch.manual_seed(0)
    x = torch.rand(2, 3)
    return {"x": x.requires_grad_(), "y": x.detach() + 1, "z": x.detach() - 2, "w": torch.rand(2, 3)}


def test_values_gradients_and_angles_are_those_by_hand(manager, tensors):
    found = manager.probe("G", wrt="x", **tensors)
    x, y, z, w = (tensors[name].detach() for name in "xyzw")
    gradients = {  # of mean |x - y| is sign / 6, of mean (x - y)^2 is 2 (x - y) / 6
        "l1": 30 * torch.sign(x - y) / 6,
        "l2": 5 * 2 * (x - y) / 6,
        "away": 20 * torch.sign(x - z) / 6,
        "other": torch.zeros(2, 3),
    }
    values = {"l1": 1.0, "l2": 1.0, "away": 2.0, "other": (w - y).abs().mean().item()}
    weights = {"l1": 30, "l2": 5, "away": 20, "other": 10}
    weighted = {name: values[name] * weights[name] for name in values}
    norms = {name: each.norm().item() for name, each in gradients.items()}
    for term in found.terms:
        name = term.name
        assert (term.value, term.weight) == (pytest.approx(values[name], **MARGINS), weights[name])
        assert term.weighted == pytest.approx(weighted[name], **MARGINS)
        assert term.share == pytest.approx(weighted[name] / sum(weighted.values()), **MARGINS)
        assert term.gradient_norm == pytest.approx(norms[name], **MARGINS)
        assert term.gradient_share == pytest.approx(norms[name] / sum(norms.values()), **MARGINS)
    assert found.total == pytest.approx(sum(weighted.values()), **MARGINS)
    assert found.cosines["l1", "l2"] == pytest.approx(1.0)
    assert found.cosines["l1", "away"] == pytest.approx(-1.0)
    assert math.isnan(found.cosines["l1", "other"])
    assert found.findings == [
        "`other` has no gradient at `x`",
        "`l1` and `away` pull against each other: the cosine is -1.00",
        "`l2` and `away` pull against each other: the cosine is -1.00",
    ]


def test_a_module_its_parameters_and_its_output_can_be_probed(manager, tensors):
    torch.manual_seed(1)
    model = nn.Linear(3, 3, bias=False)
    output = model(tensors["y"])
    given = {**tensors, "x": output}
    by_module = manager.probe("G", wrt=model, **given)
    weight = model.weight
    direct = 30 * (output - tensors["y"]).abs().mean()
    expected = torch.autograd.grad(direct, weight, retain_graph=True)[0].norm().item()
    for wrt in (model, list(model.parameters()), weight):
        assert manager.probe("G", wrt=wrt, **given).terms[0].gradient_norm == pytest.approx(
            expected, **MARGINS
        )
    assert by_module.wrt == "the parameters of Linear"
    assert manager.probe("G", **given).wrt == "`x`"  # the one that requires a gradient
    output.sum().backward()  # the graph is whole
    assert weight.grad is not None


def test_training_log_clock_and_generators_stay_untouched(manager, tensors):
    objective = manager.objective("G")
    manager.set_progress(epoch=1, step=7)
    total = objective(**tensors)
    before, random = manager.state_dict(), torch.get_rng_state()
    manager.probe("G", wrt="x", **tensors)
    assert tensors["x"].grad is None
    assert torch.equal(torch.get_rng_state(), random)
    assert json.dumps(manager.state_dict(), default=str) == json.dumps(before, default=str)
    total.backward()
    assert len(read_log(manager.experiment_dir).losses["l1"]) == 1


def test_state_of_losses_and_balances_is_restored(tmp_path):
    path = tmp_path / "b.loss.toml"
    path.write_text(
        "format = 1\n"
        'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 2 }\n'
        'losses.b = { type = "torch.MSELoss", inputs = ["x", "y"] }\n'
        'objectives.total.balance = { type = "lossspec.EMANormalization", losses = ["a", "b"] }\n'
    )
    manager = LossManager.from_spec(path)
    x, y = torch.rand(4).requires_grad_(), torch.rand(4)
    manager.objective()(x=x, y=y).backward()
    before = {key: value.clone() for key, value in manager.objective().state_dict().items()}
    applied = manager.get_loss_weights()
    found = manager.probe(x=x, y=y * 3)
    assert all(torch.equal(value, before[key]) for key, value in manager.objective().state_dict().items())
    assert {term.name for term in found.terms} == {"a", "b"}
    assert found.terms[0].weight != 2.0, "the balance moves it"
    assert manager.get_loss_weights() == applied


def test_what_drowns_or_is_not_finite_is_said(manager, tensors):
    manager.get_registered_losses(strip=False)["l1"].loss_weight = 1e6
    assert any(
        each.startswith("`l1` drowns the others") for each in manager.probe("G", wrt="x", **tensors).findings
    )
    tensors["w"] = torch.full((2, 3), math.inf)
    found = manager.probe("G", wrt="x", **tensors)
    assert found.findings[0] == "the value of `other` is inf: it is the first that is not finite"
    assert json.loads(found.json())["terms"]["other"]["value"] is None


def test_bad_calls_name_what_to_do(manager, tensors):
    with pytest.raises(LossInputError, match=r"unknown tensor `X` in the call: .* `x`"):
        manager.probe("G", wrt="X", **tensors)
    with pytest.raises(LossInputError, match=r"`y` does not require a gradient: call `requires_grad_\(\)`"):
        manager.probe("G", wrt="y", **tensors)
    with pytest.raises(LossInputError, match="no term of `G` depends on the given tensor: pass the tensors"):
        manager.probe("G", wrt=torch.ones(2, requires_grad=True), **tensors)
    with pytest.raises(LossInputError, match="no tensor of the call requires a gradient: pass `wrt="):
        manager.probe("G", **{name: each.detach() for name, each in tensors.items()})
    with pytest.raises(LossInputError, match="`wrt` must be a tensor"):
        manager.probe("G", wrt=3, **tensors)
    with pytest.raises(LossInputError, match="`wrt` has no tensors, got a list of 0: pass a tensor"):
        manager.probe("G", wrt=[], **tensors)
    with pytest.raises(UnknownNameError, match="unknown objective `H`"):
        manager.probe("H", **tensors)
    with pytest.raises(LossInputError, match="is missing tensor `w`"):
        manager.probe("G", wrt="x", x=tensors["x"], y=tensors["y"], z=tensors["z"])


def test_suggested_weights_give_the_shares(manager, tensors):
    losses = manager.get_registered_losses(strip=False)
    found = manager.probe("G", wrt="x", **tensors)
    for name, factor in factors(found, {"l1": 0.7, "l2": 0.2, "away": 0.1}).items():
        losses[name].loss_weight *= factor
    after = {term.name: term.gradient_share for term in manager.probe("G", wrt="x", **tensors).terms}
    assert after == pytest.approx({"l1": 0.7, "l2": 0.2, "away": 0.1, "other": 0.0}, **MARGINS)
    with pytest.raises(LossSpecError, match="`other` has no finite gradient at `x`"):
        factors(found)
    with pytest.raises(LossSpecError, match="unknown term `L1` in the objective `G`"):
        factors(found, {"L1": 1.0})
    with pytest.raises(LossSpecError, match="the share of `l1` must be a number above 0, got 0"):
        factors(found, {"l1": 0.0})


def test_probes_of_a_run_are_in_its_log_and_report(manager, tensors):
    handle = manager.probe_every(3, "G", wrt="x")
    objective = manager.objective("G")
    for step in range(8):
        for _ in range(2):  # micro-batches
            objective(**tensors).backward()
        with manager.validating(), torch.no_grad():
            objective(**tensors)
        manager.step()
        if step == 4:
            manager.update_loss_log()
    handle.remove()
    objective(**tensors)
    manager.update_loss_log()
    log = read_log(manager.experiment_dir)
    assert [(each.objective, each.step) for each in log.probes] == [("G", 0), ("G", 3), ("G", 6)]
    expected = manager.probe("G", wrt="x", **tensors)
    for term in expected.terms:
        assert log.probes[1].shares[term.name] == pytest.approx((term.share, term.gradient_share))
    assert log.probes[0].cosines["l1", "away"] == pytest.approx(-1.0)
    assert log.probes[0].cosines["l1", "other"] is None
    assert len(log.losses["l1"]) == 17
    page = report([NamedLog("run", log)])
    assert "Gradients, from 3 probes" in page
    assert "<td>l1 and away</td><td>G</td><td>-1.00</td>" in page


def test_a_resumed_run_has_no_probe_twice(manager, tensors):
    manager.probe_every(1, "G", wrt="x")
    objective = manager.objective("G")
    objective(**tensors)
    state = manager.state_dict()
    for _ in range(2):
        manager.load_state_dict(state)
        manager.step()
        objective(**tensors)
        manager.update_loss_log()
    assert [each.step for each in read_log(manager.experiment_dir).probes] == [0, 1]


def test_copies_are_not_probed(manager, tensors):
    manager.probe_every(1, "G", wrt="x")
    copied = pickle.loads(pickle.dumps(manager.objective("G")))
    copied(**tensors)
    manager.update_loss_log()
    assert not (manager.experiment_dir / "loss_log.jsonl").read_text()


def test_probing_a_run_needs_a_folder(tensors):
    del tensors
    manager = LossManager.from_spec("pix2pix")
    with pytest.raises(LogError, match="no folder to log to: make it with `experiment_dir="):
        manager.probe_every(10, "G")
    with pytest.raises(LossSpecError, match="`steps` must be a whole number of at least 1, got 0"):
        manager.probe_every(0, "G")
