"""A total some of whose terms are weighed by what they do to the model, not by numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.manager.loss.messages import place, refuse_tensors
from lossspec.manager.objective.objective import Objective, without_gradient
from lossspec.manager.record.ranks import batch_size, ranks

if TYPE_CHECKING:
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.host import Applied


class BalancedObjective(Objective):
    """An objective with a ``balance``: its module, ``balance``, weighs the losses that the spec lists there.

    The terms are recorded with the weights that it applied. What it learns is in ``state_dict``. It runs
    outside of any compiled graph, since balancers differentiate: ``torch.compile`` breaks the graph here,
    and refuses with ``fullgraph=True``.
    """

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # torch has no types for it
    def forward(self, *unnamed: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph: see ``Objective``."""
        plan, balance = self._plan, self._balance
        if unnamed or tensors.keys() != plan.needed:
            refuse_tensors(self.name, list(tensors), plan.due, self._known, len(unnamed))
        results: list[tuple[LMLoss, torch.Tensor]] = []
        values: dict[str, torch.Tensor] = {}
        weights: dict[str, float] = {}
        total: torch.Tensor | None = None
        for loss, term, summed in plan.running:
            weight = loss.weight
            if weight is None:
                raise self._weights.refusal(loss)
            try:
                raw = term(tensors) if summed else without_gradient(term, tensors)
            except Exception as error:
                place(error, loss.name, self.name, term.needed, tensors)
                raise
            results.append((loss, raw))
            if summed and balance is not None and loss.name in balance.losses:
                values[loss.name], weights[loss.name] = raw, weight
            elif summed:
                total = raw * weight if total is None else total + raw * weight
        applied: Applied = {}
        if balance is not None and values:
            contribution, applied = balance(values, weights, tensors)
            total = contribution if total is None else contribution + total
        recorders = self._recorders
        samples = recorders.samples or batch_size(tensors.values()) if recorders.counts_samples else 1
        recorders.record_weighted(results, applied, samples)
        if total is None:
            total = self._zero(tensors)
        if self._new_plan and ranks() > 1:
            self._warn_of_unreached(tensors, total)
        return total * self._terms[0][0].scale
