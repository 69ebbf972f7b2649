"""ReLoBRaLo: relative loss balancing with random lookback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.losses.balancing.by_value.value_balancer import ValueBalancer, softmax_of
from lossspec.losses.check import check_positive, check_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

_EPS = 1e-8


class ReLoBRaLo(ValueBalancer):
    """ReLoBRaLo: weights by the progress since the last step and, at random, since the first.

    .. math::
        sum_k w_k lambda_k(t) L_k(t)
        lambda(t) = alpha (rho lambda(t - 1) + (1 - rho) g(t, 0)) + (1 - alpha) g(t, t - 1)
        g(t, s) = K softmax(L(t) / (tau L(s) + 1e-8)),  rho = 1 with probability beta, else 0

    where K is the number of losses and ``w_k`` the weights of the spec. In the first step all ``lambda_k``
    are 1. ``rho`` comes from a generator of its own, the same on all processes; its state is saved.

    A loss that is skipped keeps its ``lambda_k``, its first and its last value. Then K is the number of the
    others.

    Args:
        losses: the names of the losses.
        alpha: in [0, 1], the share of the past.
        beta: in [0, 1], the probability to look back to the last step; otherwise to the first.
        tau: above 0, the temperature; infinity gives equal weights.
        seed: of the generator.

    Shape:
        values: scalars by name. Returns a scalar, and the weights ``w_k lambda_k`` by name.

    Raises:
        LossInputError: ``alpha``, ``beta`` or ``tau`` is out of range.

    Reference:
        Bischof and Kraus, Multi-objective loss balancing for physics-informed deep learning, 2021, algorithm
        1. https://arxiv.org/abs/2110.09813. The defaults are those of PhysicsNeMo.

    Example:
        >>> balancer = ReLoBRaLo(["a", "b"], alpha=0.5, beta=1.0)
        >>> for a in (1.0, 2.0):
        ...     values = {"a": torch.tensor(a), "b": torch.tensor(1.0)}
        ...     total, applied = balancer(values, {"a": 1.0, "b": 1.0})
        >>> round(float(applied["a"]), 3)  # 0.5 + 0.5 * 2 e / (e + 1)
        1.231
    """

    first: Tensor
    last: Tensor

    def __init__(
        self,
        losses: Sequence[str],
        alpha: float = 0.95,
        beta: float = 0.99,
        tau: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(losses)
        check_share(self, alpha=alpha, beta=beta)
        check_positive(self, tau=tau)
        self.alpha = alpha
        self.beta = beta
        self.tau = tau
        self._generator = torch.Generator().manual_seed(seed)
        self.register_buffer("first", torch.full_like(self.weights, torch.nan))
        self.register_buffer("last", torch.full_like(self.weights, torch.nan))

    def move(self, values: Tensor, known: Tensor) -> None:
        """Set the weights by the progress since the last step, and draw whether to look back to the first."""
        found = (1 - self.alpha) * self._progress(values, self.last, known)
        if torch.rand((), generator=self._generator, dtype=torch.float64, device="cpu").item() < self.beta:
            found += self.alpha * self.weights
        else:
            found += self.alpha * self._progress(values, self.first, known)
        self.weights.copy_(torch.where(known, found, self.weights))
        self.first.copy_(torch.where(known & self.first.isnan(), values, self.first))
        self.last.copy_(torch.where(known, values, self.last))

    def _progress(self, values: Tensor, since: Tensor, known: Tensor) -> Tensor:
        ratios = torch.where(since.isnan(), 1.0 / self.tau, values / (self.tau * since + _EPS))
        return softmax_of(ratios, known)

    def get_extra_state(self) -> dict[str, Tensor]:
        """Return the state of the generator."""
        return {"generator": self._generator.get_state()}

    def set_extra_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore the state of the generator."""
        self._generator.set_state(state["generator"].cpu())
