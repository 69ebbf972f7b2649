"""Dynamic weight average: the losses that shrank the least in the last epochs weigh the most."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from lossspec.losses.balancing.by_value.value_balancer import ValueBalancer, softmax_of
from lossspec.losses.check import check_positive, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


class DynamicWeightAverage(ValueBalancer):
    """Dynamic weight average (DWA): weights by the ratio of the means of the last two epochs.

    .. math::
        sum_k w_k lambda_k L_k,  lambda = K softmax(r / temperature)
        r_k = mean L_k in epoch e - 1 / mean L_k in epoch e - 2

    where K is the number of losses and ``w_k`` the weights of the spec. In the first two epochs all
    ``lambda_k`` are 1. An epoch is the whole part of the epoch of the manager's clock, which the loop sets by
    ``manager.set_progress(epoch=...)``; it ends at the first recorded training call in another one.

    A loss that is skipped for a whole epoch keeps its ``lambda_k`` and its means. Then K is the number of the
    others.

    Args:
        losses: the names of the losses.
        temperature: above 0; infinity gives equal weights.

    Shape:
        values: scalars by name. Returns a scalar, and the weights ``w_k lambda_k`` by name.

    Raises:
        LossInputError: ``temperature`` is not positive.

    Reference:
        Liu et al., End-to-end multi-task learning with attention, 2019, equation 7.
        https://arxiv.org/abs/1803.10704

    Example:
        >>> balancer = DynamicWeightAverage(["a", "b"], temperature=1.0)
        >>> for epoch, a in enumerate((1.0, 2.0, 2.0)):
        ...     balancer.epoch = epoch
        ...     values = {"a": torch.tensor(a), "b": torch.tensor(1.0)}
        ...     total, applied = balancer(values, {"a": 1.0, "b": 1.0})
        >>> round(float(applied["a"]), 3)  # 2 e^2 / (e^2 + e)
        1.462
    """

    sums: Tensor
    counts: Tensor
    epoch_means: Tensor

    def __init__(self, losses: Sequence[str], temperature: float = 2.0) -> None:
        super().__init__(losses)
        check_positive(self, temperature=temperature)
        self.temperature = temperature
        self._epoch: int | None = None
        self.register_buffer("sums", torch.zeros_like(self.weights))
        self.register_buffer("counts", torch.zeros_like(self.weights))
        #: Of the last epoch and the one before.
        self.register_buffer("epoch_means", self.weights.new_full((2, len(self.losses)), torch.nan))

    def move(self, values: Tensor, known: Tensor) -> None:
        """Count the values, and set the weights at the start of an epoch."""
        epoch = math.floor(self.epoch)
        if self._epoch not in (None, epoch):
            self._end_epoch()
        self._epoch = epoch
        self.sums += torch.where(known, values, 0.0)
        self.counts += known

    def _end_epoch(self) -> None:
        """Take the means of the epoch, and set the weights of the losses that had values in it."""
        known = self.counts > 0
        newer, older = self.sums / self.counts, self.epoch_means[0]
        rates = newer / older
        means = torch.stack([newer, older])
        self.epoch_means.copy_(torch.where(known, means, self.epoch_means))
        known = known & rates.isfinite()
        found = softmax_of(rates / self.temperature, known)
        self.weights.copy_(torch.where(known, found, self.weights))
        self.sums.zero_()
        self.counts.zero_()

    def get_extra_state(self) -> dict[str, int | None]:
        """Return the epoch of the latest values."""
        return {"epoch": self._epoch}

    def set_extra_state(self, state: Mapping[str, int | None]) -> None:
        """Restore the epoch of the latest values."""
        epoch = state["epoch"]
        self._epoch = None if epoch is None else whole(epoch, "epoch")
