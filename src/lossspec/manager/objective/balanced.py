"""An objective with a balancer, which torch.compile must leave out of its graphs.

A module of its own, imported only for such an objective: the decorator imports ``torch._dynamo``, which takes
half as long as torch itself.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

import torch

from lossspec.manager.objective.objective import Objective
from lossspec.manager.objective.of_self import ObjectiveOfSelf
from lossspec.manager.objective.unmoved_parameters import UnmovedParameters
from lossspec.manager.record.weighing import stack
from lossspec.manager.torch_internals import in_backward

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.plan import Plan
    from lossspec.manager.record.device import BalancedWeights


class BalancedObjective(Objective):
    """An objective with a ``balance``: its module, ``balance``, weighs the losses that the spec lists there.

    The terms are recorded with the weights that it set. What it learns is in ``state_dict``, and moves once
    in each training call that is recorded. Balancers differentiate, so ``torch.compile`` breaks the graph
    here, and raises with ``fullgraph=True``.
    """

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # torch has no types for it
    def forward(self, /, *positional: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph: see ``Objective``."""
        return super().forward(*positional, **tensors)

    def _start(self) -> None:
        super()._start()
        #: The positions of the balanced terms among those of the total, once for each set that runs.
        self._places: dict[tuple[tuple[int, ...], torch.device], torch.Tensor] = {}
        self._unmoved = UnmovedParameters(self.name, self._bound.module, self._clock)

    @property
    def _bound(self) -> BoundBalance:
        return cast("BoundBalance", self._balance)

    def _balanced(
        self, plan: Plan, raws: Sequence[torch.Tensor], samples: int, tensors: Mapping[str, object]
    ) -> torch.Tensor:
        """Return the total, and record the terms with their weights."""
        balance, recorders = self._bound, self._recorders
        moves = self._is_training() and recorders.is_on and not in_backward()
        balance.prepare(moves=moves, epoch=self._clock.epoch, samples=samples)
        if moves and torch.is_grad_enabled():
            self._unmoved.count()
        values, weights = self._values(plan, raws)
        if not values and recorders.several:
            balance.join()
        if not raws:
            return super()._balanced(plan, raws, samples, tensors) + _of_parameters(balance.module)
        stacked = stack(raws) if balance.gives_factors and values else None
        if stacked is None:
            self._check(plan, raws, tensors)
            total, balanced = self._one_by_one(plan, raws, (values, weights), tensors)
            recorders.record_balanced(list(zip(plan.losses, raws, strict=True)), samples, balanced)
            return total * plan.losses[0].objective_weight
        weighing = plan.weighing or plan.weigh()
        factors, added = balance.factors(values, weights, tensors)
        vector = weighing.balanced(stacked, self._spread(plan, factors, stacked))
        total = torch.dot(stacked, vector)
        if added is not None:
            total = total + added.to(total.dtype)
        recorders.record(weighing, raws, stacked, samples, vector.detach())
        return total if weighing.objective_weight == 1.0 else total * weighing.objective_weight

    def _values(
        self, plan: Plan, raws: Sequence[torch.Tensor]
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """Return the raw values and the weights of the losses that are balanced."""
        balanced = self._bound.losses
        values: dict[str, torch.Tensor] = {}
        weights: dict[str, float] = {}
        for loss, raw in zip(plan.losses, raws, strict=True):
            if loss.name in balanced:
                values[loss.name] = raw
                weights[loss.name] = 0.0 if loss.name in plan.idle else cast("float", loss.term_weight)
        return values, weights

    def _spread(self, plan: Plan, factors: torch.Tensor, stacked: torch.Tensor) -> torch.Tensor:
        """Return a factor for each loss of the total: 1 for those that are not balanced."""
        if len(factors) == len(stacked):
            return factors
        balanced = self._bound.losses
        where = tuple([place for place, loss in enumerate(plan.losses) if loss.name in balanced])
        places = self._places.get((where, stacked.device))
        if places is None:
            with torch.inference_mode(mode=False):
                places = self._places[where, stacked.device] = torch.tensor(where, device=stacked.device)
        return factors.new_ones(len(stacked)).index_copy(0, places, factors)

    def _one_by_one(
        self,
        plan: Plan,
        raws: Sequence[torch.Tensor],
        of_balance: tuple[Mapping[str, torch.Tensor], Mapping[str, float]],
        tensors: Mapping[str, object],
    ) -> tuple[torch.Tensor, BalancedWeights]:
        """Return the sum of values that make no vector or whose balancer adds them up, and the weights."""
        values, weights = of_balance
        total: torch.Tensor | None = None
        for loss, raw in zip(plan.losses, raws, strict=True):
            if loss.name not in values:
                weighted = raw * (0.0 if loss.name in plan.idle else cast("float", loss.term_weight))
                total = weighted if total is None else total + weighted
        balanced: BalancedWeights = dict.fromkeys(plan.idle, 0.0)
        if values:
            contribution, found = self._bound(values, weights, tensors)
            balanced |= {name: _detached(weight) for name, weight in found.items()}
            total = contribution if total is None else contribution + total
        return cast("torch.Tensor", total), balanced

    def flushed(self) -> None:
        """Warn, once, of parameters of the balance that no optimiser moves."""
        if problem := self._unmoved.message():
            warnings.warn(problem, RuntimeWarning, stacklevel=4)


class BalancedObjectiveOfSelf(ObjectiveOfSelf, BalancedObjective):
    """An objective with a ``balance``, of a spec that has a tensor called ``self``."""


def _detached(weight: float | torch.Tensor) -> float | torch.Tensor:
    return weight.detach() if isinstance(weight, torch.Tensor) else weight


def _of_parameters(module: torch.nn.Module) -> torch.Tensor | float:
    """Return 0 times the parameters of a balancer: DistributedDataParallel waits for their gradients."""
    return sum((each.sum() * 0.0 for each in module.parameters() if each.requires_grad), 0.0)
