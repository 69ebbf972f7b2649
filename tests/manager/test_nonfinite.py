import re

import pytest
import torch

from lossspec import LossManager
from lossspec.errors import NonFiniteError

LOSSES = """
format = 1
objectives.G.weight = {objective_weight}
losses.a = {{ type = "torch.L1Loss", inputs = ["x", "y"], weight = {weight}, objective = "G" }}
losses.b = {{ type = "torch.L1Loss", inputs = ["x", "y"], weight = {weight}, objective = "G" }}
"""


@pytest.fixture
def made(tmp_path):
    def make(weight=1.0, objective_weight=1.0, **options):
        path = tmp_path / "made.loss.toml"
        path.write_text(LOSSES.format(weight=weight, objective_weight=objective_weight))
        return LossManager.from_spec(str(path), **{"on_nonfinite": "raise", **options})

    return make


def raises(manager, message):
    with pytest.raises(NonFiniteError, match=f"^{re.escape(message)}$"):
        manager.update_loss_log()


@pytest.mark.parametrize("section", ["training", "validation"])
def test_every_section_is_looked_at_and_named(made, section):
    manager = made()
    objective, y = manager.objective("G"), torch.zeros(2, 3)
    objective(x=y, y=y)
    manager.set_progress(epoch=2, step=7)
    if section == "training":
        objective(x=y + torch.nan, y=y)
        where = "training (1 of 2 values"
    else:
        with manager.validating(), torch.no_grad():
            objective(x=y + torch.nan, y=y)
        where = "validation (1 of 1 values"
    place = f"{where}, first at epoch 2, step 7)"
    raises(manager, f"`a` is nan in {place}; `b` is nan in {place}")


def test_a_warning_names_the_section_too(made):
    manager = made(on_nonfinite="warn")
    y = torch.zeros(2, 3)
    with manager.validating(), torch.no_grad():
        manager.objective("G")(x=y + torch.inf, y=y)
    with pytest.warns(RuntimeWarning, match="`a` is inf in validation"):
        manager.update_loss_log()


def half(manager, value, name="G"):
    total = manager.objective(name)(x=torch.full((2,), value).half(), y=torch.zeros(2).half())
    return total.item()


def test_a_weighted_value_that_overflows_16_bits_is_found(made):
    manager = made(weight=100.0, objective_weight=0.01)
    assert half(manager, 1000.0) == torch.inf
    place = "training (1 of 1 values, first at epoch 0, step 0)"
    raises(
        manager,
        f"the weighted value of `a` is inf in {place}; the weighted value of `b` is inf in {place}",
    )


def test_a_total_that_overflows_16_bits_is_found(made):
    manager = made(weight=40.0)
    assert half(manager, 1000.0) == torch.inf  # 40,000 + 40,000
    raises(manager, "the total of objective `G` is inf in training (1 of 1 values, first at epoch 0, step 0)")


@pytest.mark.parametrize(("value", "outcome"), [(32752.0, 65504.0), (32768.0, torch.inf)])
def test_the_bound_is_that_of_the_type(made, value, outcome):
    manager = made()
    assert half(manager, value) == outcome
    if outcome == torch.inf:
        raises(
            manager, "the total of objective `G` is inf in training (1 of 1 values, first at epoch 0, step 0)"
        )
    else:
        manager.update_loss_log()


def test_a_compiled_objective_is_looked_at_too(made, compiled):
    manager = made(weight=100.0)
    objective, _ = compiled(manager.objective("G"))
    assert objective(x=torch.full((2,), 1000.0).half(), y=torch.zeros(2).half()).item() == torch.inf
    with pytest.raises(NonFiniteError, match="the weighted value of `a` is inf in training"):
        manager.update_loss_log()


@pytest.mark.parametrize(("objective_weight", "outcome"), [(1.0, torch.inf), (0.5, 50_000.0)])
def test_a_single_loss_multiplies_once(made, objective_weight, outcome):
    manager = made(weight=100.0, objective_weight=objective_weight)
    found = manager.compute_loss("a", torch.full((2,), 1000.0).half(), torch.zeros(2).half()).item()
    assert found == pytest.approx(outcome, rel=1e-3)
    if outcome == torch.inf:
        raises(
            manager,
            "the weighted value of `a` is inf in training (1 of 1 values, first at epoch 0, step 0)",
        )
    else:
        manager.update_loss_log()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_wide_types_do_not_overflow_there(made, dtype):
    manager = made(weight=100.0)
    total = manager.objective("G")(x=torch.full((2,), 1000.0, dtype=dtype), y=torch.zeros(2, dtype=dtype))
    assert total.isfinite()
    manager.update_loss_log()


def test_an_overflow_of_32_bits_is_found(made):
    manager = made(weight=1e30)
    assert manager.objective("G")(x=torch.full((2,), 1e9), y=torch.zeros(2)).item() == torch.inf
    with pytest.raises(NonFiniteError, match="the weighted value of `a` is inf in training"):
        manager.update_loss_log()


def test_values_that_are_dropped_are_looked_at_before(made):
    manager = made(enable_logging=False)
    objective, y = manager.objective("G"), torch.zeros(2, 3)
    objective(x=y + torch.nan, y=y)
    for _ in range(300):
        objective(x=y, y=y)
    with pytest.raises(NonFiniteError, match=r"`a` is nan in training .*; `b` is nan in training"):
        manager.update_loss_log()
    manager.update_loss_log()  # once
