"""Runs one loss for ``compute_loss``: calls it, records it and weighs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import UnknownNameError
from lossspec.manager.loss.messages import add_loss_note, not_a_tensor
from lossspec.manager.record.ranks import batch_size
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.recorders import Recorders


class LossCalls(dict[str, "Callable[..., Tensor]"]):
    """The function that runs each loss on its inputs, by name; made at its first call.

    It is a closure over what it needs: it runs right after a large computation, when little else of the
    manager is in the processor's caches.
    """

    def __init__(self, losses: Mapping[str, LMLoss], weights: Weights, recorders: Recorders) -> None:
        super().__init__()
        self._losses = losses
        self._weights = weights
        self._recorders = recorders

    def __missing__(self, name: str) -> Callable[..., Tensor]:
        if name not in self._losses:
            raise UnknownNameError(unknown("loss", name, self._losses))
        loss, weights, recorders = self._losses[name], self._weights, self._recorders
        record_on_host, half = recorders.host.record, torch.float16

        def call(*inputs: object) -> Tensor:
            weight = loss.term_weight
            if weight is None:
                raise weights.weight_error(loss)
            try:
                raw = loss.function(*inputs)
            except Exception as error:
                add_loss_note(error, name, loss.function, inputs)
                raise
            try:
                is_on_host = raw.is_cpu
            except AttributeError:
                raise not_a_tensor(name, raw) from None
            if raw.dtype is half:
                loss.half = "applied"
            samples = recorders.samples or batch_size(inputs)
            if is_on_host:
                record_on_host(loss, raw, samples)
            else:
                recorders.record_on_device([(loss, raw)], samples)
            return raw * (weight * loss.objective_weight)

        self[name] = call
        return call
