"""Binds the balancer of an objective to its losses and tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss.select import select
from lossspec.manager.loss.walk import detached

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from lossspec.language.model import Balance
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.device import BalancedWeights


class BoundBalance:
    """The balancer of an objective, called with its raw losses and all tensors of the objective.

    Args:
        objective: the objective's name, for messages.
        balance: the ``balance`` table of the spec.
        module: the balancer; its ``forward`` takes the raw values and the weights by name, and the inputs.
    """

    def __init__(self, objective: str, balance: Balance, module: nn.Module) -> None:
        self.objective = objective
        self.module = module
        self.losses = frozenset(balance.losses)
        self.inputs = balance.inputs
        self.needed = tuple(dict.fromkeys(each.name for each in balance.inputs if each.name is not None))

    def __call__(
        self,
        values: Mapping[str, torch.Tensor],
        weights: Mapping[str, float],
        tensors: Mapping[str, object],
    ) -> tuple[torch.Tensor, BalancedWeights]:
        """Return the weighted sum of the losses, and the weight of each.

        Raises:
            LossInputError: an input is not a tensor.
            LossResultError: the module does not return a scalar and a weight for each loss.
        """
        order, named = [], {}
        for each in self.inputs:
            user = f"the balance of `{self.objective}`"
            given = select(user, each, tensors[str(each.name)])
            if not isinstance(given, torch.Tensor):
                raise LossInputError(f"{user} expects a tensor as `{each.reference}`, got {describe(given)}")
            value = detached(given) if each.detach else given
            if each.argument is None:
                order.append(value)
            else:
                named[each.argument] = value
        try:
            found = self.module(values, weights, *order, **named)
        except Exception as error:
            error.add_note(f"in the balance of the objective `{self.objective}`")
            raise
        if isinstance(found, tuple) and len(found) == 2:
            total, balanced = found
            if isinstance(total, torch.Tensor) and total.dim() == 0 and set(balanced) == set(values):
                return total, cast("BalancedWeights", balanced)
        raise LossResultError(
            f"the balance of `{self.objective}` must return a scalar and a weight for each of "
            f"{', '.join(f'`{name}`' for name in values)}, got {describe(found)}"
        )

    def total(
        self,
        results: Sequence[tuple[LMLoss, torch.Tensor]],
        idle: Collection[str],
        tensors: Mapping[str, object],
    ) -> tuple[torch.Tensor, BalancedWeights]:
        """Return the weighted sum of all losses of the objective, and the weights that differ from theirs.

        Args:
            results: each loss that is in the total, and its raw result.
            idle: the names of those that weigh 0 now.
            tensors: those of the call.
        """
        total: torch.Tensor | None = None
        values: dict[str, torch.Tensor] = {}
        weights: dict[str, float] = {}
        for loss, raw in results:
            weight = 0.0 if loss.name in idle else cast("float", loss.term_weight)
            if loss.name in self.losses:
                values[loss.name], weights[loss.name] = raw, weight
            else:
                total = raw * weight if total is None else total + raw * weight
        balanced: BalancedWeights = dict.fromkeys(idle, 0.0)
        if values:
            contribution, found = self(values, weights, tensors)
            balanced |= found
            total = contribution if total is None else contribution + total
        return cast("torch.Tensor", total), balanced
