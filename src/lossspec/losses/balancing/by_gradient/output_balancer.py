"""EnCodec's balancer: weights are shares of the gradient at the model's output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lossspec.errors import LossInputError
from lossspec.losses.balancing.balancer import Balancer, weighted_sum
from lossspec.losses.balancing.measures import length, mean_over_ranks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class OutputBalancer(Balancer):
    """EnCodec's balancer: each loss has its share of the gradient at the output, whatever its scale.

    .. math:: G = sum_k (w_k / sum_j w_j) (R / (eps + average ||g_k||)) g_k,  g_k = grad_x L_k

    where ``average`` is a moving average over the steps,
    ``sum_i decay^i ||g_k(t - i)|| / sum_i decay^i``, and the norm is the mean over the items of the
    batch. The contribution has the value ``sum_k s_k L_k``, where ``s_k`` is the factor of ``g_k``. Its
    gradient is ``G`` at the output and zero elsewhere, such as at the discriminator. The authors' code does
    the same by ``output.backward(G)``; here other terms can be added, and ``backward`` is called once.

    A step with a norm that is not finite does not change the average, and neither does a call without
    gradients or one that is not recorded; before the first step the weights are used. In a distributed run
    the norms are averaged over the processes, weighted by their batch sizes, in one collective (the authors'
    code averages the averages, which is the same for constant batch sizes).

    Args:
        losses: the names of the losses.
        total_norm: ``R``, the norm of the gradient if the losses had one direction.
        decay: in (0, 1]; 1 is the mean over all steps.
        per_item: whether to take the norm of each item; otherwise of the whole batch.
        eps: above 0, keeps the factor finite.

    Shape:
        values: scalars by name; output: ``x``, ``(N, *)``, which all of them were computed from.
        Returns a scalar, and the factors ``s_k`` by name.

    Raises:
        LossInputError: ``total_norm``, ``decay`` or ``eps`` is out of range; on call: the sum of the weights
            is not positive, or a loss was not computed from the output with gradients.

    Reference:
        Défossez et al., High fidelity neural audio compression, 2022, section 3.4.
        https://arxiv.org/abs/2210.13438

    Example:
        >>> output = torch.zeros(1, 4, requires_grad=True)
        >>> values = {"l1": 100 * output.sum(), "feat": output[0, 0]}
        >>> balancer = OutputBalancer(["l1", "feat"])
        >>> total, applied = balancer(values, {"l1": 1.0, "feat": 3.0}, output)
        >>> total.backward()
        >>> output.grad  # a quarter of the norm for one, three for the other
        tensor([[0.8750, 0.1250, 0.1250, 0.1250]])
    """

    averages: Tensor
    counts: Tensor

    def __init__(
        self,
        losses: Sequence[str],
        total_norm: float = 1.0,
        decay: float = 0.999,
        per_item: bool = True,
        eps: float = 1e-12,
    ) -> None:
        super().__init__(losses)
        if not (total_norm > 0 and 0 < decay <= 1 and eps > 0):
            raise LossInputError(
                "OutputBalancer needs total_norm > 0, 0 < decay <= 1 and eps > 0, got "
                f"total_norm = {total_norm}, decay = {decay}, eps = {eps}"
            )
        self.total_norm = total_norm
        self.decay = decay
        self.per_item = per_item
        self.eps = eps
        self.register_buffer("averages", torch.zeros(len(self.losses), dtype=torch.float64))
        self.register_buffer("counts", torch.zeros(len(self.losses), dtype=torch.float64))

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float], output: Tensor
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced contribution of ``values``, and the applied factors."""
        total = sum(weights[name] for name in values)
        if not total > 0:
            raise LossInputError(f"OutputBalancer needs weights with a sum above 0, got {total}")
        shares = {name: self.total_norm * weights[name] / total for name in values}
        if not self.is_moving:
            applied = self._factors(shares, weights)
            return weighted_sum(values, applied), applied
        gradients = {name: self.gradient(name, value, output) for name, value in values.items()}
        self._average(gradients, len(output))
        applied = self._factors(shares, weights)
        gradient = weighted_sum(gradients, applied)
        value = weighted_sum({name: each.detach() for name, each in values.items()}, applied)
        return _WithGradient.apply(output, gradient, value), applied  # type: ignore[no-untyped-call]

    def _average(self, gradients: Mapping[str, Tensor], samples: int) -> None:
        """Update the averages of the losses that have gradients."""
        lengths = [length(each, per_item=self.per_item) for each in gradients.values()]
        found = mean_over_ranks(lengths, samples if self.per_item else 1)
        where = self.index(self.places(gradients), found.device)
        finite, old = found.isfinite(), self.averages[where]
        counts = self.counts[where] * self.decay + 1
        self.counts[where] = torch.where(finite, counts, self.counts[where])
        self.averages[where] = torch.where(finite, old + (found - old) / counts, old)

    def _factors(
        self, shares: Mapping[str, float], weights: Mapping[str, float]
    ) -> dict[str, float | Tensor]:
        where = self.index(self.places(shares), self.averages.device)
        average, known = self.averages[where], self.counts[where] > 0
        return {
            name: torch.where(known[index], share / (self.eps + average[index]), weights[name])
            for index, (name, share) in enumerate(shares.items())
        }


class _WithGradient(torch.autograd.Function):
    """A value with a given gradient at a tensor."""

    @staticmethod
    def forward(ctx: Any, _: Tensor, gradient: Tensor, value: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grad_output, None, None
