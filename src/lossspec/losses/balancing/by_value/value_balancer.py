"""The base class of balancers by value: a weight for each loss, which moves with the values."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch

from lossspec.losses.balancing.balancer import FactorBalancer, stacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


class ValueBalancer(FactorBalancer):
    """A balancer whose weights depend on the values of the losses so far, and on nothing else.

    A subclass has ``move``. The weights start at 1. They move once in each training call that is recorded,
    before they are used. A loss that is skipped, or whose value is not finite, keeps its weight and what is
    known of it. No step waits for the device. In a distributed run the values are averaged over the
    processes, in one collective, so that all have the same weights.

    Args:
        losses: the names of the losses.
    """

    weights: Tensor

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__(losses)
        self.register_buffer("weights", torch.ones(len(self.losses), dtype=torch.float64))

    @abstractmethod
    def move(self, values: Tensor, known: Tensor) -> None:
        """Set ``weights`` for the values of a step.

        Args:
            values: (K,), in the order of ``losses``; 1 where there is none.
            known: (K,), whether there is one.
        """

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float]
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values``, and the applied weights."""
        return self.summed(values, weights, self.weigh(values, weights))

    def weigh(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],  # noqa: ARG002 - the weights of the spec multiply the result
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors of ``values``."""
        places = self.places(values)
        if self.is_moving:
            self.observe(values, places)
        if places == tuple(range(len(self.losses))):
            return self.weights.clone(), None  # the graph can hold it when the weights move
        return self.weights[self.index(places, self.weights.device)], None

    def join(self) -> None:
        """Move the weights with the values of other processes."""
        if self.is_moving:
            self.observe({}, ())

    @torch.no_grad()
    def observe(self, values: Mapping[str, Tensor], places: tuple[int, ...]) -> None:
        """Move the weights, with the mean of the values over all processes."""
        found = stacked(values, self.weights)
        self.follow(found, self.weights)
        means, known = self.means(found, places)
        self.move(means[0], known)


def softmax_of(rates: Tensor, known: Tensor) -> Tensor:
    """Return the softmax of the known rates times their number: with all known, K weights of sum K."""
    return torch.softmax(rates.masked_fill(~known, -torch.inf), 0) * known.sum()
