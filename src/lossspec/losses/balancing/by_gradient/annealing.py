"""Learning-rate annealing: the gradients of all losses get the size of that of a reference loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from lossspec.errors import LossInputError
from lossspec.losses.balancing.balancer import FactorBalancer
from lossspec.losses.balancing.measures import size_of_all
from lossspec.losses.check import check_share, chosen, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

_EPS = 1e-8


class LearningRateAnnealing(FactorBalancer):
    """Learning-rate annealing: weights by the ratio of gradients to that of a reference loss.

    .. math::
        w_r L_r + sum_k w_k lambda_k L_k
        lambda_k <- (1 - alpha) lambda_k + alpha stat |grad_theta L_r| / (mean |grad_theta L_k| + 1e-8)

    where r is the reference loss, k the others, ``w`` are the weights of the spec, and ``stat`` is the
    largest or the mean element. The ``lambda_k`` start at 1, and move in the first of every ``every``
    recorded training calls; in the other calls nothing is differentiated. A loss that is skipped keeps its
    ``lambda_k``, and so do all while the reference is skipped, and where a gradient is not finite. In a
    distributed run the statistics are averaged over the processes, in one collective.

    Args:
        losses: the names of all the losses.
        reference: the name of the reference loss: the residual of the equation, in the paper.
        alpha: in [0, 1], the share of the new ratio. 0.1 in the authors' code, 0.01 in PhysicsNeMo, which
            average the same way; others give the share of the old ratio.
        every: at least 1, how many calls keep their weights; 10 in the authors' code, 1 in PhysicsNeMo.
        statistic: of the reference: "max" as in the paper, or "mean" as in PhysicsNeMo.

    Shape:
        values: scalars by name; parameters: a tensor or a list of tensors of any shape, which the losses were
        computed from, such as ``list(model.parameters())``. Returns a scalar, and the weights by name.

    Raises:
        UnknownNameError: ``reference`` is not in ``losses``, or ``statistic`` is unknown.
        LossInputError: ``alpha`` or ``every`` is out of range; on call: a loss was not computed from the
            parameters with gradients.

    Reference:
        Wang et al., Understanding and mitigating gradient flow pathologies in physics-informed neural
        networks, 2020, algorithm 1. https://arxiv.org/abs/2001.04536

    Example:
        >>> layer = torch.ones(2, requires_grad=True)
        >>> values = {"pde": (3 * layer).sum(), "boundary": layer.sum()}
        >>> balancer = LearningRateAnnealing(["pde", "boundary"], "pde", alpha=0.5)
        >>> total, applied = balancer(values, {"pde": 1.0, "boundary": 1.0}, [layer])
        >>> round(float(applied["boundary"]), 2)  # 0.5 * 1 + 0.5 * 3 / 1
        2.0
    """

    weights: Tensor

    def __init__(
        self,
        losses: Sequence[str],
        reference: str,
        alpha: float = 0.1,
        every: int = 10,
        statistic: Literal["max", "mean"] = "max",
    ) -> None:
        super().__init__(losses)
        self.reference = chosen("loss", reference, self.losses)
        check_share(self, alpha=alpha)
        if every < 1:
            raise LossInputError(f"LearningRateAnnealing needs every >= 1, got every = {every}")
        self.alpha = alpha
        self.every = every
        self.statistic = chosen("statistic", statistic, ("max", "mean"))
        self._calls = 0
        self.register_buffer("weights", torch.ones(len(self.losses), dtype=torch.float64))

    def forward(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],
        parameters: Tensor | Sequence[Tensor],
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values``, and the applied weights."""
        return self.summed(values, weights, self.weigh(values, weights, parameters))

    def weigh(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],  # noqa: ARG002 - the weights of the spec multiply the result
        parameters: Tensor | Sequence[Tensor],
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors of ``values``."""
        tensors = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        places = self.places(values)
        if self.is_moving:
            if self._calls % self.every == 0:
                self._observe({name: self.gradients(name, each, tensors) for name, each in values.items()})
            self._calls += 1
        return self.weights[self.index(places, self.weights.device)], None

    @torch.no_grad()
    def _observe(self, gradients: Mapping[str, Sequence[Tensor]]) -> None:
        """Move the weights, with the means over all processes."""
        measured = self.weights.new_zeros((2, 0))
        if gradients:
            measured = torch.stack([torch.stack(size_of_all(each)) for each in gradients.values()], 1)
        self.follow(measured, self.weights)
        (means, largest), known = self.means(measured, self.places(gradients))
        where = self.losses.index(self.reference)
        scale = (largest if self.statistic == "max" else means)[where]
        ratios = scale / (means + _EPS)
        known = known & known[where] & ratios.isfinite()
        known[where] = False
        moved = (1 - self.alpha) * self.weights + self.alpha * ratios
        self.weights.copy_(torch.where(known, moved, self.weights))

    def join(self) -> None:
        """Move the weights with the gradients of other processes."""
        if self.is_moving:
            if self._calls % self.every == 0:
                self._observe({})
            self._calls += 1

    def get_extra_state(self) -> dict[str, int]:
        """Return the number of recorded training calls."""
        return {"calls": self._calls}

    def set_extra_state(self, state: Mapping[str, int]) -> None:
        """Restore the number of recorded training calls."""
        self._calls = whole(state["calls"], "calls")
