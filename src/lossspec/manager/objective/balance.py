"""Binds the balancer of an objective to its losses and tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss.walk import detached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.language.model import Balance
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
            given = tensors[str(each.name)]
            if not isinstance(given, torch.Tensor):
                raise LossInputError(
                    f"the balance of `{self.objective}` expects a tensor as `{each.name}`, got "
                    f"{describe(given)}"
                )
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
