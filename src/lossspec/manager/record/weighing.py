"""Weighs raw values and sums them with one stack and one dot product, which also make the recorded row.

total = objective weight * sum of term weight * raw value, in the order of the document.

The gradient of each raw value is its term weight, to the last bit, as in a sum written by hand. The total
itself differs from that sum by rounding: by at most N * eps * sum of |term weight * raw value|.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lossspec.manager.loss.loss import LMLoss

#: Types that a term weight is rounded to as in ``weight * raw``. Shorter types multiply in 32 bits.
_WIDE = frozenset({torch.float32, torch.float64})


class Weighing:
    """The term weights of the losses that are summed, at one position of the clock.

    When a weight moves, a new object takes its place. The vector of an old one is never written into, since
    a graph may still hold it.

    Args:
        losses: the losses, in the order of the document.
        idle: the names of losses that are summed times 0 now, whatever their weight.

    Attributes:
        losses: the same.
        term_weights: the term weight of each.
        objective_weight: the weight of the objective.
        zeros: the term weight of each idle loss, 0.
    """

    __slots__ = ("_vectors", "losses", "objective_weight", "term_weights", "zeros")

    def __init__(self, losses: Sequence[LMLoss], idle: Collection[str] = ()) -> None:
        self.losses = losses
        self.zeros = dict.fromkeys(idle, 0.0)
        self.term_weights = [self.zeros.get(loss.name, loss.term_weight or 0.0) for loss in losses]
        self.objective_weight = losses[0].objective_weight
        self._vectors: dict[tuple[torch.dtype, torch.device], torch.Tensor] = {}

    def total(self, raws: Sequence[torch.Tensor], stacked: torch.Tensor | None) -> torch.Tensor:
        """Return the total, a scalar with its graph.

        Args:
            raws: the raw values.
            stacked: the same as one vector, or None where ``stack`` made none.
        """
        if stacked is not None:
            total = torch.dot(stacked, self._vector(stacked.dtype, stacked.device))
        else:
            total = raws[0] * self.term_weights[0]
            for raw, weight in zip(raws[1:], self.term_weights[1:], strict=True):
                total = total + (raw if weight == 1.0 else raw * weight)
        return total if self.objective_weight == 1.0 else total * self.objective_weight

    def balanced(self, stacked: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
        """Return the term weights times the factors of a balancer, in the type of the values."""
        return self._vector(stacked.dtype, stacked.device) * factors.to(stacked.dtype)

    def _vector(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        vector = self._vectors.get((dtype, device))
        if vector is None:
            with torch.inference_mode(mode=False):
                vector = torch.tensor(
                    self.term_weights, dtype=dtype, device="cpu"
                )  # whatever the default device
                if device.type == "cuda":
                    vector = vector.pin_memory()
                vector = self._vectors[dtype, device] = vector.to(device, non_blocking=True)
        return vector


def stack(raws: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """Return raw values as one vector, or None where a vector would not do.

    That is so for a single value, for types shorter than 32 bits, for values of several types or devices,
    and for what is not a scalar tensor.
    """
    try:
        dtype = raws[0].dtype
        if len(raws) == 1 or dtype not in _WIDE:
            return None
        for raw in raws:
            if raw.dtype is not dtype:
                return None
        stacked = torch.stack(raws)  # type: ignore[arg-type]  # it takes any sequence
    except (AttributeError, TypeError, RuntimeError):
        return None
    return stacked if stacked.dim() == 1 else None
