"""Uncertainty weighting: each loss has a log-variance, which an optimiser learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.balancing.balancer import FactorBalancer, stacked
from lossspec.losses.balancing.measures import several_ranks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


class UncertaintyWeighting(FactorBalancer):
    """Uncertainty weighting: learns a log-variance for each loss.

    .. math:: sum_k w_k exp(-s_k) L_k / 2 + sum_k s_k / 2

    where ``w_k`` are the weights of the spec and ``s_k`` the log-variances, which start at 0: a parameter of
    the objective, in the order of ``losses``. Give it to the optimiser, as in
    ``optimizer.add_param_group({"params": objective.parameters()})``; a warning at the first flush says if no
    optimiser moved it. The losses should be positive: with a negative one, ``s_k`` falls without bound.

    A loss that is skipped leaves out both its parts, and its ``s_k`` gets the gradient 0. In a distributed
    run the gradient of ``s_k`` is that of the mean value over the processes, so ``s_k`` is the same in all of
    them whether the objective is wrapped by DistributedDataParallel or not.

    Args:
        losses: the names of the losses.

    Shape:
        values: scalars by name. Returns a scalar, and the weights ``w_k exp(-s_k) / 2`` by name.

    Reference:
        Kendall et al., Multi-task learning using uncertainty to weigh losses for scene geometry and
        semantics, 2018, equation 7. https://arxiv.org/abs/1705.07115

    Example:
        >>> balancer = UncertaintyWeighting(["a", "b"])
        >>> total, _ = balancer({"a": torch.tensor(4.0), "b": torch.tensor(1.0)}, {"a": 1.0, "b": 1.0})
        >>> total.backward()
        >>> total.item(), balancer.log_variances.grad  # (1 - L) / 2
        (2.5, tensor([-1.5000,  0.0000]))
    """

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__(losses)
        self.log_variances = nn.Parameter(torch.zeros(len(self.losses)))

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float]
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values`` with that of the log-variances, and the applied weights."""
        return self.summed(values, weights, self.weigh(values, weights))

    def weigh(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors of ``values``, and half the sum of their log-variances."""
        places = self.places(values)
        device = next(iter(values.values())).device
        if self.log_variances.device != device:
            raise LossInputError(
                f"the log-variances are on {self.log_variances.device}, the losses on {device}: call "
                "`objective.to(device)` before you make the optimiser, or pass `device` to the manager"
            )
        chosen: Tensor = self.log_variances
        if places != tuple(range(len(self.losses))):
            chosen = chosen[self.index(places, device)]
        factors, added = 0.5 * torch.exp(-chosen), 0.5 * chosen.sum()
        if not (self.is_moving and several_ranks()):
            return factors, added
        means, known = self.means(stacked(values, chosen), places)
        mean = torch.where(known, means[0], torch.nan)[self.index(places, device)].to(chosen.dtype)
        scheduled = torch.stack([weights[name] * each for name, each in zip(values, mean, strict=True)])
        of_mean = torch.dot(factors, scheduled)
        return factors.detach(), added + (of_mean - of_mean.detach())

    def join(self) -> None:
        """Take part in the mean of other processes."""
        if self.is_moving and several_ranks():
            self.means(stacked({}, self.log_variances), ())
