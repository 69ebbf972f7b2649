"""VQGAN's balancer: gradients of the same norm at one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError
from lossspec.losses.balancing.balancer import Balancer, weighted_sum
from lossspec.losses.balancing.measures import length, mean_over_ranks
from lossspec.losses.check import check_positive, chosen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


class GradientRatio(Balancer):
    """VQGAN's adaptive weight: the ratio of two gradient norms at one layer.

    .. math::
        sum_r w_r L_r + sum_k w_k lambda_k L_k
        lambda_k = min(||grad_theta sum_r w_r L_r|| / (||grad_theta L_k|| + eps), maximum)

    where r are the reference losses, k the others, and ``theta`` is usually the weight of the last
    layer. No gradient flows through ``lambda_k``. While the others are skipped nothing is
    differentiated. In a call without gradients or one that is not recorded, as in validation, the ratios of
    the last step are used (0 before the first); the authors' code uses 0.

    In a distributed run the norms are averaged over the processes, in one collective, so that all have the
    same weights; in the authors' code each process has its own.

    Args:
        losses: the names of all the losses.
        reference: the names of the reference losses.
        eps: above 0, keeps the ratio finite.
        maximum: above 0, the largest ratio.

    Shape:
        values: scalars by name; parameter: ``theta``, any shape, which all of them were computed from.
        Returns a scalar, and the weights ``w_r`` and ``w_k lambda_k`` by name.

    Raises:
        UnknownNameError: ``reference`` has a name that is not in ``losses``.
        LossInputError: ``reference`` is empty or has all the losses; ``eps`` or ``maximum`` is not positive;
            on call: a loss was not computed from the parameter with gradients.

    Reference:
        Esser et al., Taming transformers for high-resolution image synthesis, 2020, equation 7.
        https://arxiv.org/abs/2012.09841

    Example:
        >>> layer = torch.ones(2, requires_grad=True)
        >>> values = {"rec": (3 * layer).sum(), "gan": layer.sum()}
        >>> total, applied = GradientRatio(["rec", "gan"], ["rec"])(values, {"rec": 1.0, "gan": 0.5}, layer)
        >>> round(float(applied["gan"]), 2)  # 0.5 * 3
        1.5
    """

    ratios: Tensor

    def __init__(
        self, losses: Sequence[str], reference: Sequence[str], eps: float = 1e-4, maximum: float = 1e4
    ) -> None:
        super().__init__(losses)
        self.reference = tuple(chosen("loss", each, self.losses) for each in reference)
        if not 0 < len(set(self.reference)) < len(self.losses):
            raise LossInputError("GradientRatio needs at least one reference loss and one other")
        check_positive(self, eps=eps, maximum=maximum)
        self.eps = eps
        self.maximum = maximum
        self.register_buffer("ratios", torch.zeros(len(self.losses), dtype=torch.float64))

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float], parameter: Tensor
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values``, and the applied weights."""
        others = [name for name in values if name not in self.reference]
        if others and self.is_moving:
            self._measure(values, weights, parameter, others)
        applied: dict[str, float | Tensor] = dict(weights)
        for name in others:
            applied[name] = self.ratios[self.losses.index(name)] * weights[name]
        return weighted_sum(values, applied), applied

    def _measure(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],
        parameter: Tensor,
        others: Sequence[str],
    ) -> None:
        """Set the ratios of ``others``."""
        reference = {name: value for name, value in values.items() if name in self.reference}
        if not reference:
            raise LossInputError(
                f"GradientRatio needs a reference loss, but all are skipped: {', '.join(self.reference)}"
            )
        scale = length(self.gradient(self.reference[0], weighted_sum(reference, weights), parameter))
        lengths = [length(self.gradient(name, values[name], parameter)) for name in others]
        wanted, *found = mean_over_ranks([scale, *lengths])
        for name, each in zip(others, found, strict=True):
            self.ratios[self.losses.index(name)] = (wanted / (each + self.eps)).clamp(max=self.maximum)
