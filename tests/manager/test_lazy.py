"""Terms with `every`: due at the first step at or after each multiple, in all training calls there."""

import copy
import pickle

import pytest
import torch
from torch import nn

LAZY = {"inputs": ["x", "z"], "weight": 0.5, "every": (4, 8.0)}
X, Y, Z = (torch.full((2,), value) for value in (2.0, 1.0, 0.0))


def make(make_manager, **lazy):
    manager = make_manager(a={"inputs": ["x", "y"]}, lazy={**LAZY, **lazy})
    return manager, manager.objective("total")


def runs(objective):
    """Call the objective, and return whether the lazy term is in its total."""
    return objective(x=X, y=Y, z=Z).item() == 1.0 + 8.0 * 0.5 * 2.0


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize(
    ("steps", "due"),
    [
        (range(10), [0, 4, 8]),
        (range(0, 24, 2), [0, 4, 8, 12, 16, 20]),
        (range(1, 25, 2), [1, 5, 9, 13, 17, 21]),  # the other of two optimisers
        (range(0, 25, 3), [0, 6, 9, 12, 18, 21, 24]),  # the first step at or after 0, 4, 8, 12, 16, 20, 24
        ([0, 1, 17, 18, 19, 20], [0, 17, 20]),  # a jump over several multiples
        ([7, 8], [7, 8]),
    ],
)
def test_it_is_due_at_the_first_step_after_each_multiple(make_manager, compiled, steps, due, is_compiled):
    manager, objective = make(make_manager)
    call = compiled(objective)[0] if is_compiled else objective
    found = []
    for step in steps:
        manager.set_progress(step=step)
        if runs(call):
            found.append(step)
            assert runs(call)  # the next micro-batch
        else:
            assert not runs(call)
    assert found == due
    manager.update_loss_log()


def test_a_trainer_with_two_optimisers(make_manager):
    manager = make_manager(
        d={"inputs": ["x", "y"], "objective": "D", "every": (16, 16.0)},
        g={"inputs": ["x", "y"], "objective": "G", "every": (8, 8.0)},
    )
    ran = {"D": [], "G": []}
    for iteration in range(20):
        for name in ("D", "G"):  # each optimiser counts a step
            if manager.objective(name)(x=X, y=Y) > 0:
                ran[name].append(iteration)
            manager.step()
    assert ran == {"D": [0, 8, 16], "G": [0, 4, 8, 12, 16]}


def test_it_stays_due_until_a_training_call(make_manager):
    manager, objective = make(make_manager)
    with manager.validating():
        assert runs(objective)
    manager.step()
    with manager.unrecorded():
        assert runs(objective)
    manager.step()
    assert torch.equal(copy.deepcopy(objective)(x=X, y=Y, z=Z), objective(x=X, y=Y, z=Z))
    with manager.validating():
        runs(objective)
    manager.step()  # the call between the copy and the validation was training
    assert not runs(objective)


def test_a_copy_does_not_consume_for_the_original(make_manager):
    manager, objective = make(make_manager)
    copied = pickle.loads(pickle.dumps(manager))
    assert runs(copied.objective("total"))
    copied.step()
    assert not runs(copied.objective("total"))
    manager.step()
    assert runs(objective)


def test_a_copied_manager_knows_what_has_run(make_manager):
    manager, objective = make(make_manager)
    assert runs(objective)
    copied = copy.deepcopy(manager)
    copied.step()
    assert not runs(copied.objective("total"))


@pytest.mark.parametrize("at", [1, 2, 5, 6, 7])
def test_a_resumed_run_is_due_where_the_first_one_was(make_manager, at):
    steps = range(1, 20, 3)  # due at 1, 4, 10, 13, 16

    def run(manager, steps):
        found = []
        for step in steps:
            manager.set_progress(step=step)
            found.append(runs(manager.objective("total")))
        return found

    whole = make(make_manager)[0]
    first, second = make(make_manager)[0], make(make_manager)[0]
    expected = run(whole, steps)
    assert expected == [True, True, False, True, True, True, False]
    found = run(first, steps[:at])
    state = first.state_dict()
    assert isinstance(state["last_due"]["lazy"], int)
    second.get_registered_losses(strip=False)["lazy"].loss_weight = 3.0  # taken back by the checkpoint
    second.load_state_dict(state)
    assert runs(second.objective("total")) == found[-1]  # the same step again
    assert found + run(second, steps[at:]) == expected


def test_a_clock_that_is_set_back_is_due_again(make_manager):
    manager, objective = make(make_manager)
    found = []
    for step in (0, 4, 8, 9, 6, 7, 8, 9, 4, 5, 0, 1):
        manager.set_progress(step=step)
        found.append(runs(objective))
    assert found == [True, True, True, False, False, False, True, False, True, False, True, False]


def test_a_multiple_in_a_phase_of_weight_0_is_not_made_up_for(make_manager):
    manager, objective = make(make_manager, weight=0.0)
    for _ in range(2):
        objective(x=X, y=Y)
        manager.step()
    manager.get_registered_losses(strip=False)["lazy"].loss_weight = 0.5
    assert not runs(objective)
    manager.set_progress(step=4)
    assert runs(objective)


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize("terms", ["two", "one", "half"])
def test_at_zero_compute_keeps_it_in_the_graph(make_manager, compiled, is_compiled, terms):
    dtype = torch.float16 if terms == "half" else torch.float32
    z = nn.Parameter(torch.ones(2, dtype=dtype))
    a = {"inputs": ["x", "y"]}
    rest = {"b": {"inputs": ["y", "x"], "objective": "B"}} if terms == "one" else {"a": a}
    manager = make_manager(**rest, lazy={**LAZY, "at_zero": "compute"})
    objective = manager.objective("total")
    call = compiled(objective)[0] if is_compiled else objective
    gradients = []
    for _ in range(3):
        z.grad = None
        call(x=X.to(dtype), y=Y.to(dtype), z=z).backward()
        gradients.append(z.grad.tolist())
        manager.step()
    assert gradients == [[-2.0, -2.0], [0.0, 0.0], [0.0, 0.0]]
    manager.get_loss_values()
    history = manager.get_registered_losses(strip=False)["lazy"].history
    assert list(history.weights) == [4.0, 0.0, 0.0]
    assert list(history.raw) == [1.0, 1.0, 1.0]
