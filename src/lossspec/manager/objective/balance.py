"""Binds the balancer of an objective to its losses and tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from lossspec.errors import LossInputError, LossResultError
from lossspec.losses.balancing.balancer import Balancer, FactorBalancer
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss.select import select
from lossspec.manager.loss.walk import detached, is_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lossspec.language.model import Balance, Input
    from lossspec.manager.record.device import BalancedWeights


class BoundBalance:
    """The balancer of an objective, called with its raw losses and all tensors of the objective.

    Args:
        objective: the objective's name, for messages.
        balance: the ``balance`` table of the spec.
        module: the balancer; its ``forward`` takes the raw values and the weights by name, and the inputs.
        lists: for each input, whether it can be a list of tensors.
    """

    def __init__(
        self, objective: str, balance: Balance, module: nn.Module, lists: Collection[bool] = ()
    ) -> None:
        self.objective = objective
        self.module = module
        self.losses = frozenset(balance.losses)
        self.inputs = balance.inputs
        self.needed = tuple(dict.fromkeys(each.name for each in balance.inputs if each.name is not None))
        self._lists = tuple(lists) or (False,) * len(balance.inputs)

    def prepare(self, *, moves: bool, epoch: float, samples: int) -> None:
        """Tell the balancer about the call to come: see the attributes of ``Balancer``."""
        if isinstance(self.module, Balancer):
            self.module.moves, self.module.epoch, self.module.samples = moves, epoch, samples

    def join(self) -> None:
        """Take part in the collective of this step where all its losses are skipped."""
        if isinstance(self.module, Balancer):
            self.module.join()

    @property
    def gives_factors(self) -> bool:
        """Whether the balancer only gives each loss a factor."""
        return isinstance(self.module, FactorBalancer)

    def factors(
        self, values: Mapping[str, torch.Tensor], weights: Mapping[str, float], tensors: Mapping[str, object]
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the factor of each loss, a vector, and what the balancer adds to the total, if anything.

        Raises:
            LossInputError: an input is not a tensor, or a value does not suit the balancer.
        """
        module = cast("FactorBalancer", self.module)
        order, named = self._given(tensors)
        try:
            return module.weigh(values, weights, *order, **named)
        except Exception as error:
            self._add_note(error)
            raise

    def __call__(
        self, values: Mapping[str, torch.Tensor], weights: Mapping[str, float], tensors: Mapping[str, object]
    ) -> tuple[torch.Tensor, BalancedWeights]:
        """Return the weighted sum of the losses, and the weight of each.

        Raises:
            LossInputError: an input is not a tensor, or a value does not suit the balancer.
            LossResultError: the module does not return a scalar and a weight for each loss.
        """
        order, named = self._given(tensors)
        try:
            found = self.module(values, weights, *order, **named)
        except Exception as error:
            self._add_note(error)
            raise
        if isinstance(found, tuple) and len(found) == 2:
            total, balanced = found
            if isinstance(total, torch.Tensor) and total.dim() == 0 and set(balanced) == set(values):
                return total, cast("BalancedWeights", balanced)
        raise LossResultError(
            f"the balance of `{self.objective}` must return a scalar and a weight for each of "
            f"{', '.join(f'`{name}`' for name in values)}, got {describe(found)}"
        )

    def _add_note(self, error: Exception) -> None:
        given = f", with {', '.join(f'`{name}`' for name in self.needed)}" if self.needed else ""
        error.add_note(f"in the balance of the objective `{self.objective}`{given}")

    def _given(self, tensors: Mapping[str, object]) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """Return the inputs of the call, in order and by name."""
        order, named = [], {}
        for each, value in self._values(tensors):
            if each.argument is None:
                order.append(value)
            else:
                named[each.argument] = value
        return order, named

    def _values(self, tensors: Mapping[str, object]) -> Iterator[tuple[Input, torch.Tensor]]:
        user = f"the balance of `{self.objective}`"
        for each, takes_list in zip(self.inputs, self._lists, strict=True):
            given = select(user, each, tensors[str(each.name)])
            parts = given if takes_list and is_list(given) else [given]
            if not parts or not all(isinstance(part, torch.Tensor) for part in parts):
                wanted = "a tensor or a list of tensors" if takes_list else "a tensor"
                raise LossInputError(f"{user} expects {wanted} as `{each.reference}`, got {describe(given)}")
            yield each, cast("torch.Tensor", detached(given) if each.detach else given)
