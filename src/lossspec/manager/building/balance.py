"""Builds the balancers of a resolved spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import UnknownNameError
from lossspec.manager.building.module import construct
from lossspec.manager.objective.balance import BoundBalance
from lossspec.names import unknown
from lossspec.registry import balancers, find_balancer

if TYPE_CHECKING:
    from torch import nn

    from lossspec.language.model import Balance, Spec


def build_balances(spec: Spec) -> dict[str, BoundBalance]:
    """Return the balancers of a resolved spec by objective, bound to their inputs.

    Raises:
        UnknownNameError: a type is not registered in this process.
        LossSpecError: a constructor rejects its arguments.
    """
    return {
        name: BoundBalance(name, objective.balance, _module(name, objective.balance))
        for name, objective in spec.objectives.items()
        if objective.balance is not None
    }


def _module(objective: str, balance: Balance) -> nn.Module:
    entry = find_balancer(balance.type)
    if entry is None:
        where = f" in the balance of `{objective}`"
        raise UnknownNameError(unknown("balancer", balance.type, balancers(), where))
    return construct(entry, {"losses": balance.losses, **balance.args})
