"""What a probe asks of an objective: the values and weights of the terms that run, without recording them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import torch

from lossspec.manager.loss.messages import add_term_note, check_tensors
from lossspec.manager.shown import ShownObjective

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.utils.hooks import RemovableHandle

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.objective.plan import Plans


class Prober(Protocol):
    """A forward hook that probes an objective now and then."""

    def __call__(
        self, objective: Any, _: tuple[object, ...], tensors: dict[str, object], __: torch.Tensor, /
    ) -> None:
        """Probe the objective if it is time."""

    def forget(self) -> None:
        """Probe the next training call: the run went back to a checkpoint."""


class ProbedObjective(ShownObjective):
    """How an ``Objective`` is probed."""

    _probers: tuple[Prober, ...] = ()
    _plans: Plans
    _known: frozenset[str]
    _clock: Clock
    _weights: Weights

    def add_prober(self, prober: Prober) -> RemovableHandle:
        """Call a prober after each call in eager mode; return what removes it."""
        self._probers = (*self._probers, prober)
        return self.register_forward_hook(prober, with_kwargs=True)

    def forget_probes(self) -> None:
        """Tell the probers that the run went back."""
        for each in self._probers:
            each.forget()

    def records_training(self) -> bool:
        """Return whether calls now are part of the training, with gradients, and recorded."""
        return self._is_training() and self._recorders.is_on and torch.is_grad_enabled()

    def _is_training(self) -> bool:
        raise NotImplementedError

    def position(self) -> tuple[float, int]:
        """Return the epoch and the step of the clock."""
        return self._clock.epoch, self._clock.step

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
        values: dict[str, torch.Tensor] = {}
        for loss, term in zip(plan.losses, plan.summed, strict=True):
            try:
                values[loss.name] = term(tensors)
            except Exception as error:
                add_term_note(error, term.name, self.name, term.needed, tensors)
                raise
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
