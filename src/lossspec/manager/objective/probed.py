"""What a probe asks of an objective: the values and weights of the terms that run, without recording them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lossspec.manager.loss.messages import check_tensors
from lossspec.manager.shown import ShownObjective

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.objective.plan import Plans


class ProbedObjective(ShownObjective):
    """How an ``Objective`` is probed."""

    _plans: Plans
    _known: frozenset[str]
    _clock: Clock
    _weights: Weights

    def probed(self, tensors: Mapping[str, object]) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """Return the raw value and the applied weight of each term that is in the total of a call now.

        Raises:
            UnknownNameError: the spec has no tensor of this name.
            LossInputError: a tensor is missing, or does not fit its term.
        """
        plan = self._plans.of_call(tensors) if self._plans.optional else self._plans.now
        check_tensors(self.name, tensors.keys(), plan.needed_by, self._known, 0)
        if plan.unknown is not None:
            raise self._weights.weight_error(plan.unknown)
        values = {loss.name: term(tensors) for loss, term in zip(plan.losses, plan.summed, strict=True)}
        weights = {
            loss.name: 0.0 if loss.name in plan.idle else cast("float", loss.term_weight)
            for loss in plan.losses
        }
        balance = self._balance
        balanced = {} if balance is None else {n: v for n, v in values.items() if n in balance.losses}
        if balance is not None and balanced:
            balance.prepare(moves=False, epoch=self._clock.epoch, samples=1)
            given = {name: weights[name] for name in balanced}
            _, found = balance(balanced, given, tensors)
            weights |= {name: float(each) for name, each in found.items()}
        return values, {loss.name: weights[loss.name] * loss.objective_weight for loss in plan.losses}
