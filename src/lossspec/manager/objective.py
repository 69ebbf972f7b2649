"""A total: named tensors in, the weighted sum of its terms out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.manager.call import explain, refuse_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.manager.binding import BoundTerm
    from lossspec.manager.clock import Clock
    from lossspec.manager.loss import LMLoss
    from lossspec.manager.recorder import DeviceRecorder, HostRecorder
    from lossspec.manager.weights import Weights


class Objective(nn.Module):
    """The weighted sum of the terms of one objective, as a module.

    It is made by ``LossManager.objective``. Called with named tensors, it computes the terms that are due,
    records them, and returns their weighted sum. Its losses are submodules with the prefix ``loss_``, so
    ``.to()``, ``.parameters()`` and ``.state_dict()`` reach them.
    """

    def __init__(
        self,
        name: str,
        terms: Sequence[tuple[LMLoss, BoundTerm]],
        clock: Clock,
        weights: Weights,
        recorders: tuple[HostRecorder, DeviceRecorder],
        device: torch.device | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self._terms = tuple(terms)
        self._clock = clock
        self._weights = weights
        self._host, self._device = recorders
        self._where = device
        self._known = sorted({name for _, term in terms for name in term.needed})
        for loss, _ in terms:
            if isinstance(loss.function, nn.Module):
                self.add_module(f"loss_{loss.name}", loss.function)
        units = {unit for loss, _ in terms for unit in loss.units()}
        every = any(loss.term is not None and loss.term.every is not None for loss, _ in terms)
        clock.follow(("epoch", "step", "fraction") if units or every else (), self.replan)
        self.replan()

    def replan(self) -> None:
        """Decide which terms are due where the clock is; called when it moved."""
        self._running: tuple[tuple[LMLoss, BoundTerm, bool], ...] = tuple(
            (loss, term, mode == "sum")
            for loss, term in self._terms
            if (mode := _mode(loss, self._clock.step)) != "skip"
        )
        due: dict[str, list[str]] = {}
        for _, term, _ in self._running:
            for name in term.needed:
                due.setdefault(name, []).append(term.name)
        self._due = due
        self._needed = frozenset(due)

    def needed(self) -> frozenset[str]:
        """Return the names of the tensors that the next call needs; others may be left out."""
        return self._needed

    def forward(self, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph.

        Args:
            **tensors: by the names that the spec gives them; ``needed()`` says which are due now.

        Raises:
            UnknownNameError: a tensor that no term takes.
            LossInputError: a tensor that is due is missing, or a term can't work with what it got.
            LossResultError: a term is no scalar tensor.
            ClockError: the clock lacks what a schedule needs.
        """
        if tensors.keys() != self._needed:
            refuse_tensors(self.name, list(tensors), self._due, self._known)
        total: torch.Tensor | None = None
        scale = 1.0
        for loss, term, summed in self._running:
            weight, scale = loss.weight, loss.scale
            if weight is None:
                raise self._weights.refusal(loss)
            try:
                if summed:
                    raw = term(tensors)
                else:
                    with torch.no_grad():
                        raw = term(tensors)
            except Exception as error:
                raise explain(error, term.name, loss.function, ()) from error.__cause__
            (self._host if raw.is_cpu else self._device).record(loss, raw)
            if summed:
                weighted = raw * weight
                total = weighted if total is None else total + weighted
        if total is None:
            return self._zero(tensors)
        return total if scale == 1.0 else total * scale

    def _zero(self, tensors: Mapping[str, object]) -> torch.Tensor:
        found = next((each for each in tensors.values() if isinstance(each, torch.Tensor)), None)
        device = found.device if found is not None else self._where
        return torch.zeros((), device=device, requires_grad=True)

    def extra_repr(self) -> str:
        """Show the name and the terms where the module is printed."""
        return f"{self.name}: {', '.join(loss.name for loss, _ in self._terms)}"


def _mode(loss: LMLoss, step: int) -> str:
    """Say what a term does now: "sum", "record" without gradient, or "skip"."""
    term = loss.term
    if term is None:
        return "sum"
    if term.every is not None and step % term.every.steps:
        return "skip"
    if loss.weight is None or loss.weight * loss.scale != 0.0 or term.at_zero == "compute":
        return "sum"
    return term.at_zero
