"""Builds the objectives of a manager and their balancers, and binds them to their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve

from lossspec.errors import LossSpecError, UnknownNameError
from lossspec.language.checks.objectives import TOTAL
from lossspec.manager.building.module import construct
from lossspec.manager.building.spec import find_type
from lossspec.manager.objective.balance import BoundBalance
from lossspec.manager.objective.objective import Objective
from lossspec.manager.objective.of_self import ObjectiveOfSelf
from lossspec.manager.objective.term import BoundTerm
from lossspec.names import listed, unknown
from lossspec.registry import balancers, find_balancer, load

if TYPE_CHECKING:
    from torch import nn

    from lossspec.language.model import Balance, Spec
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.recorders import Recorders
    from lossspec.manager.run import Run
    from lossspec.registry import LossType


def build_balances(spec: Spec) -> dict[str, BoundBalance]:
    """Return the balancers of a resolved spec by objective, bound to their inputs.

    Raises:
        UnknownNameError: a type is not registered in this process.
        LossSpecError: a constructor rejects its arguments.
    """
    return {
        name: _bound(name, objective.balance)
        for name, objective in spec.objectives.items()
        if objective.balance is not None
    }


def _bound(objective: str, balance: Balance) -> BoundBalance:
    entry = find_balancer(balance.type)
    if entry is None:
        where = f" in the balance of `{objective}`"
        raise UnknownNameError(unknown("balancer", balance.type, balancers(), where))
    by_name = {each.name: each for each in entry.inputs}
    in_order = [*entry.inputs, *[each for each in entry.inputs if each.repeats] * len(balance.inputs)]
    calls = [
        by_name.get(str(each.argument), call) for each, call in zip(balance.inputs, in_order, strict=False)
    ]
    inputs = [
        evolve(each, argument=None) if call.repeats else each
        for each, call in zip(balance.inputs, calls, strict=True)
    ]
    bound = evolve(balance, inputs=tuple(inputs))
    return BoundBalance(objective, bound, _module(entry, balance), [each.kind == "list" for each in calls])


def _module(entry: LossType, balance: Balance) -> nn.Module:
    """Return the balancer; a method of torchjd is built with its own arguments, then adapted."""
    if entry.library != "torchjd":
        return construct(entry, {"losses": balance.losses, **balance.args})
    load(entry)  # or the error says what to install
    from lossspec.losses.balancing.torchjd_adapter import adapt, takes_count

    vectors = {name: value for name, value in balance.args.items() if entry.args[name].tensor}
    options = {name: value for name, value in balance.args.items() if name not in vectors}
    if takes_count(entry.target):
        options["shape"] = len(balance.losses)
    return adapt(construct(entry, options), balance.losses, cast("dict[str, list[float]]", vectors))


def build_objective(name: str, run: Run, clock: Clock, weights: Weights, recorders: Recorders) -> Objective:
    """Return the module of an objective.

    Raises:
        UnknownNameError: no loss of the run has this objective.
    """
    losses = [loss for loss in run.losses.values() if loss.objective == name]
    if not losses:
        known = {loss.objective for loss in run.losses.values() if loss.objective is not None}
        if name == TOTAL and len(known) > 1:  # most likely, none was named
            raise UnknownNameError(f"the spec has several objectives: name one of {listed(sorted(known))}")
        hint = "" if known else " (losses registered in code have none: run them with `compute_loss`)"
        raise UnknownNameError(unknown("objective", name, known) + hint)
    terms = [(loss, _bind(loss)) for loss in losses]
    balance = run.balances.get(name)
    tensors = run.tensors()
    kind: type[Objective] = ObjectiveOfSelf if "self" in tensors else Objective
    if balance is not None:
        from lossspec.manager.objective import balanced  # slow to import

        kind = balanced.BalancedObjectiveOfSelf if "self" in tensors else balanced.BalancedObjective
    return kind(name, terms, clock, weights, recorders, known=tensors, device=run.device, balance=balance)


def _bind(loss: LMLoss) -> BoundTerm:
    term = loss.term
    if term is None:
        raise LossSpecError(f"`{loss.name}` does not come from a spec: run it with `compute_loss`")
    entry = find_type(term)
    inputs = entry.inputs
    reduction = entry.args.get("reduction")
    choices = reduction.schema.get("enum", ["mean"]) if reduction is not None else []
    reductions = [str(each) for each in cast("list[object]", choices) if each != "none"]
    by_name = {each.name: each for each in inputs}
    calls = [
        by_name.get(each.argument) if each.argument else inputs[index] if index < len(inputs) else None
        for index, each in enumerate(term.inputs)
    ]
    takes_lists = [each is not None and each.kind == "list" for each in calls]
    constants = ["like" if each is None else each.constant for each in calls]
    return BoundTerm(term, loss.function, takes_lists, constants, reductions)
