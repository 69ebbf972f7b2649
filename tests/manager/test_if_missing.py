"""``if_missing = "skip"``: a term is left out of a call in which one of its tensors is absent or None."""

import copy
import warnings
from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.nn import functional

from lossspec import LossManager, read_log, register_balancer
from lossspec.errors import LossInputError
from lossspec.language.model import Balance, Input, ObjectiveSpec, Spec, Term
from lossspec.log.rows import RAW, STEP, WIDTH

SKIP = {"if_missing": "skip"}


class Output(NamedTuple):
    depth: torch.Tensor | None


@pytest.fixture
def tensors():
    return {name: torch.rand(4, requires_grad=name == "x") for name in ("x", "y", "labels", "mask")}


@pytest.fixture
def manager(make_manager):
    """A term that always runs, and one for the batches that have labels."""
    return make_manager(
        a={},
        b={"type": "torch.MSELoss", "inputs": ["x", "labels"], "weight": 3.0, **SKIP},
        c={"inputs": ["x", "y"], "reduce": {"weights": "mask"}, "weight": 0.5, **SKIP},
    )


def recorded(manager):
    losses = manager.get_registered_losses(strip=False)
    return {name: len(loss.history) for name, loss in losses.items()}


def parts(x, y, labels=None, mask=None):
    found = [(x - y).abs().mean()]
    if labels is not None:
        found.append(3.0 * ((x - labels) ** 2).mean())
    if mask is not None:
        found.append(0.5 * ((x - y).abs() * mask).mean())
    return sum(found[1:], found[0])


@pytest.mark.parametrize("left_out", [(), ("labels",), ("mask",), ("labels", "mask")])
@pytest.mark.parametrize("absent", [True, False])
def test_terms_without_their_tensors_are_left_out(manager, tensors, left_out, absent):
    objective = manager.objective()
    assert (objective.needed(), objective.optional()) == ({"x", "y"}, {"labels", "mask"})
    given = {name: value for name, value in tensors.items() if name not in left_out}
    found = objective(**given, **({} if absent else dict.fromkeys(left_out)))
    expected = parts(**given)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    torch.testing.assert_close(*(torch.autograd.grad(each, tensors["x"])[0] for each in (found, expected)))
    assert recorded(manager) == {"a": 1, "b": int("labels" not in left_out), "c": int("mask" not in left_out)}


def test_what_another_term_needs_is_still_needed(manager, tensors):
    with pytest.raises(LossInputError, match="objective `total` is missing tensor `y`, needed by `a`"):
        manager.objective()(x=tensors["x"], labels=tensors["labels"])


@pytest.mark.parametrize("out", [{}, {"depth": None}, Output(None), None])
def test_a_key_may_be_missing(make_manager, tensors, out):
    term = {"inputs": ["x", "out.depth"], **SKIP}
    manager = make_manager(a={}, b=term)
    objective = manager.objective()
    given = {"x": tensors["x"], "y": tensors["y"]}
    assert objective(**given, out=out).item() == pytest.approx(parts(**given).item())
    assert objective(**given, out={"depth": tensors["x"] + 1}).item() == pytest.approx(
        parts(**given).item() + 1.0, rel=1e-6
    )
    assert recorded(manager) == {"a": 2, "b": 1}
    with pytest.raises(
        LossInputError, match=r"`b` cannot take `out[.]depth`: `[.]depth` applies to a mapping"
    ):
        objective(**given, out=tensors["x"])  # is there, and is wrong


def test_without_a_term_the_total_is_a_zero_and_says_so_once(make_manager, tensors):
    manager = make_manager(a=SKIP)
    objective = manager.objective()
    assert (objective.needed(), objective.optional()) == (frozenset(), {"x", "y"})
    with pytest.warns(RuntimeWarning) as caught:
        total = objective(x=tensors["x"])
    assert [str(each.message) for each in caught] == [
        "no term of the objective `total` is left in a call: `if_missing` leaves out `a`, and the total is 0"
    ]
    assert caught[0].filename == __file__
    assert total.item() == 0.0
    total.backward()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert objective().item() == 0.0
    assert recorded(manager) == {"a": 0}


def test_terms_that_do_not_run_need_nothing(make_manager, tensors):
    manager = make_manager(a={}, b={"inputs": ["x", "labels"], "weight": 0.0, **SKIP})
    assert manager.objective().optional() == frozenset()
    manager.get_registered_losses(strip=False)["b"].loss_weight = 1.0
    assert manager.objective().optional() == {"labels"}
    assert manager.objective()(x=tensors["x"], y=tensors["y"]).item() > 0


@pytest.mark.parametrize("at_zero", ["record", "compute"])
def test_terms_of_weight_0_are_left_out_too(make_manager, tensors, at_zero):
    manager = make_manager(a={}, b={"inputs": ["x", "labels"], "weight": 0.0, "at_zero": at_zero, **SKIP})
    objective = manager.objective()
    for labels in (None, tensors["labels"]):
        objective(x=tensors["x"], y=tensors["y"], labels=labels)
    assert recorded(manager) == {"a": 2, "b": 1}


def test_weights_that_move_reach_calls_with_and_without(make_manager, tensors):
    manager = make_manager(a={}, b={"inputs": ["x", "labels"], **SKIP})
    objective, given = manager.objective(), {"x": tensors["x"], "y": tensors["y"]}
    for weight in (1.0, 5.0):
        for loss in manager.get_registered_losses(strip=False).values():
            loss.loss_weight = weight
        l1, other = ((tensors["x"] - tensors[name]).abs().mean().item() for name in ("y", "labels"))
        assert objective(**given).item() == pytest.approx(weight * l1, rel=1e-6)
        both = objective(**given, labels=tensors["labels"]).item()
        assert both == pytest.approx(weight * (l1 + other), rel=1e-6)


def test_the_log_has_only_the_calls_in_which_a_term_ran(make_manager, tensors, tmp_path):
    manager = make_manager(options={"experiment_dir": tmp_path}, a={}, b={"inputs": ["x", "labels"], **SKIP})
    for step in range(6):
        labels = tensors["labels"] if step % 3 == 0 else None
        manager.objective()(x=tensors["x"], y=tensors["y"], labels=labels)
        manager.step()
    manager.update_loss_log()
    losses = read_log(tmp_path).losses
    assert losses["a"].step.tolist() == [0, 1, 2, 3, 4, 5]
    assert losses["b"].step.tolist() == [0, 3]


def test_it_shows_what_it_takes_if_given(manager):
    assert repr(manager.objective()).split("\n  ")[1:] == ["needs x, y", "takes labels, mask too, if given"]


def test_a_copy_leaves_out_the_same(manager, tensors):
    objective = copy.deepcopy(manager.objective())
    given = {"x": tensors["x"], "y": tensors["y"]}
    assert objective(**given).item() == pytest.approx(parts(**given).item())
    assert objective.optional() == {"labels", "mask"}


def test_compute_loss_needs_its_tensors(manager, tensors):
    x, y = tensors["x"], tensors["y"]
    assert manager.compute_loss("b", x, y).item() == pytest.approx(3 * functional.mse_loss(x, y).item())
    with pytest.raises(LossInputError, match="`c` is missing tensor `mask`"):
        manager.compute_loss("c", x, y)


def test_each_set_of_terms_is_one_graph(compiled, manager, tensors):
    objective, counter = compiled(manager.objective())
    cases = [("labels", "mask"), ("labels",), ("mask",), ()]
    frames = []
    for _ in range(3):
        for kept in cases:
            given = {name: value for name, value in tensors.items() if name in ("x", "y", *kept)}
            found, expected = objective(**given), parts(**given)
            assert found.item() == pytest.approx(expected.item(), rel=1e-6)
            torch.testing.assert_close(
                *(torch.autograd.grad(each, tensors["x"])[0] for each in (found, expected))
            )
        manager.step()
        frames.append(counter.frame_count)
    assert frames == [4, 4, 4]
    manager.get_loss_values()  # reads what the graphs kept
    assert recorded(manager) == {"a": 12, "b": 6, "c": 6}
    rows = manager.get_registered_losses(strip=False)["b"].history.rows
    assert rows[STEP::WIDTH].tolist() == [0, 0, 1, 1, 2, 2]
    assert rows[RAW] == pytest.approx(functional.mse_loss(tensors["x"], tensors["labels"]).item())


@torch._dynamo.config.patch(recompile_limit=2)
def test_more_sets_of_terms_than_graphs_are_warned_of(compiled, manager, tensors):
    objective, _ = compiled(manager.objective())
    given = {name: tensors[name] for name in ("x", "y")}
    objective(**given)
    with pytest.warns(
        RuntimeWarning, match="`total` is compiled for 2 sets of running terms, the most .* tensors"
    ):
        objective(**given, labels=tensors["labels"])


def test_a_graph_without_terms_is_a_zero(compiled, make_manager, tensors):
    manager = make_manager(a=SKIP)
    objective, _ = compiled(manager.objective())
    with pytest.warns(RuntimeWarning, match="no term of the objective `total` is left in a call"):
        total = objective(x=tensors["x"])
    assert total.item() == 0.0
    total.backward()


def test_a_balance_weighs_what_is_there(tensors):
    seen = []

    @register_balancer("test_if_missing.Sum")
    class Sum(nn.Module):
        """Weighs each loss by 2."""

        def __init__(self, losses):
            super().__init__()

        def forward(self, values, weights):
            seen.append(sorted(values))
            return 2 * sum(values.values()), dict.fromkeys(values, 2.0)

    terms = {
        "a": Term("a", "torch.L1Loss", (Input("x"), Input("y"))),
        "b": Term("b", "torch.L1Loss", (Input("x"), Input("labels")), **SKIP),
    }
    balance = Balance("test_if_missing.Sum", ("a", "b"))
    objective = {"total": ObjectiveSpec("total", 1.0, balance)}
    manager = LossManager.from_spec(Spec("s", "s", terms, objective))
    given = {"x": tensors["x"], "y": tensors["y"]}
    assert manager.objective()(**given).item() == pytest.approx(2 * parts(**given).item())
    manager.objective()(**given, labels=tensors["labels"])
    assert seen == [["a"], ["a", "b"]]
    assert recorded(manager) == {"a": 2, "b": 1}
