"""GradNorm: the gradients of all losses get sizes by how fast each loss falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError
from lossspec.losses.balancing.balancer import FactorBalancer, stacked
from lossspec.losses.balancing.measures import length
from lossspec.losses.check import check_finite, check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

#: The lowest weight. A step can be larger than a weight, and a negative one would have the loss grow.
_LOWEST = 1e-8


class GradNorm(FactorBalancer):
    """GradNorm: moves weights so that losses that fall slowly get larger gradients at one layer.

    .. math::
        sum_k w_k lambda_k L_k
        G_k = ||grad_W lambda_k L_k|| = lambda_k ||grad_W L_k||
        r_k = (L_k / L_k(0)) / mean_j (L_j / L_j(0))
        lambda <- K (lambda - lr d/dlambda sum_k |G_k - (mean_j G_j) r_k^alpha|) / sum(...)

    where ``w_k`` are the weights of the spec, K is the number of losses, and the target ``(mean G) r^alpha``
    is a constant. A norm is linear in its factor, so that no second-order graph is needed: the gradient of
    ``lambda_k`` is ``sign(G_k - target_k) ||grad_W L_k||``. The ``lambda_k`` start at 1. Each recorded
    training call uses them, then moves them by a step of plain gradient descent; the step is the module's
    own, no optimiser takes part. They stay at 1e-8 or above, and add up to K.

    A loss that is skipped keeps its ``lambda_k`` and ``L_k(0)``, its first value. Then K is the number of the
    others. So does one with a gradient that is not finite, or a value that is not positive, since the ratio
    has no meaning then: on the CPU that is an error. In a distributed run the norms and values are averaged
    over the processes, in one collective.

    Args:
        losses: the names of the losses. alpha: at least 0, the strength of the pull to equal rates; 0 gives
        gradients of equal norm. 1.5 in the
            paper for tasks that differ much, 0.12 for similar ones.
        lr: above 0, the length of a step.

    Shape:
        values: scalars by name; layer: ``W``, any shape, which all of them were computed from: usually the
        weight of the last layer that they share. Returns a scalar, and the weights by name.

    Raises:
        LossInputError: ``alpha`` or ``lr`` is out of range; on call: a loss was not computed from the layer
            with gradients, or is not positive.

    Reference:
        Chen et al., GradNorm: Gradient normalization for adaptive loss balancing in deep multitask networks,
        2018, algorithm 1. https://arxiv.org/abs/1711.02257

    Example:
        >>> layer = torch.ones(1, requires_grad=True)
        >>> values = {"a": (3 * layer).sum(), "b": layer.sum()}
        >>> balancer = GradNorm(["a", "b"], lr=0.1)
        >>> total, applied = balancer(values, {"a": 1.0, "b": 1.0}, layer)
        >>> total.item(), balancer.weights  # 2 (1 - 0.1 * 3), 2 (1 + 0.1 * 1), over their mean
        (4.0, tensor([0.7778, 1.2222], dtype=torch.float64))
    """

    weights: Tensor
    first: Tensor

    def __init__(self, losses: Sequence[str], alpha: float = 1.5, lr: float = 0.025) -> None:
        super().__init__(losses)
        check_finite(self, alpha=alpha)
        if alpha < 0:
            raise LossInputError(f"GradNorm needs alpha >= 0, got alpha = {alpha}")
        check_positive(self, lr=lr)
        self.alpha = alpha
        self.lr = lr
        self.register_buffer("weights", torch.ones(len(self.losses), dtype=torch.float64))
        self.register_buffer("first", torch.full_like(self.weights, torch.nan))

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float], layer: Tensor
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values``, and the applied weights."""
        return self.summed(values, weights, self.weigh(values, weights, layer))

    def weigh(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],  # noqa: ARG002 - the weights of the spec multiply the result
        layer: Tensor,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors of ``values``, from before the step."""
        places = self.places(values)
        found = stacked(values, self.weights)
        self.follow(found, self.weights)
        factors = self.weights[self.index(places, found.device)]
        if self.is_moving:
            self.check_positive(values, "GradNorm compares values as ratios")
            norms = [length(self.gradient(name, each, layer)).double() for name, each in values.items()]
            self._observe(torch.cat([found, torch.stack(norms).unsqueeze(0)]), places)
        return factors, None

    @torch.no_grad()
    def _observe(self, measured: Tensor, places: tuple[int, ...]) -> None:
        """Move the weights by one step, with the means over all processes."""
        (values, norms), known = self.means(measured, places)
        known = known & (values > 0)
        self.first.copy_(torch.where(known & self.first.isnan(), values, self.first))
        ratios = values / self.first
        rates = ratios / _mean(ratios, known)
        sizes = self.weights * norms
        targets = _mean(sizes, known) * rates**self.alpha
        moved = (self.weights - self.lr * torch.sign(sizes - targets) * norms).clamp(min=_LOWEST)
        moved = moved / _mean(moved, known)
        self.weights.copy_(torch.where(known, moved, self.weights))

    def join(self) -> None:
        """Move the weights with the norms of other processes."""
        if self.is_moving:
            self._observe(self.weights.new_zeros((2, 0)), ())


def _mean(values: Tensor, known: Tensor) -> Tensor:
    return torch.where(known, values, 0.0).sum() / known.sum()
