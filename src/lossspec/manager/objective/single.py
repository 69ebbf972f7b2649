"""Runs one loss for ``compute_loss``: calls it, records it and weighs it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from lossspec.errors import UnknownNameError
from lossspec.manager.loss.messages import add_loss_note, not_a_tensor
from lossspec.manager.loss.reduce import ReducedLoss
from lossspec.manager.record.ranks import batch_size
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
        loss = self._loss(name)
        is_reduced = loss.term is not None and loss.term.reduce is not None
        call = self[name] = self._call(loss, ReducedLoss(loss) if is_reduced else loss.function)
        return call

    def with_tensors(self, name: str, inputs: Sequence[object], tensors: Mapping[str, object]) -> Tensor:
        """Run a loss whose ``reduce`` takes tensors, given by name.

        Raises:
            UnknownNameError: no loss has this name, or its ``reduce`` takes no such tensor.
            LossInputError: a tensor is missing.
        """
        loss = self._loss(name)
        return self._call(loss, partial(ReducedLoss(loss), **tensors))(*inputs)

    def _loss(self, name: str) -> LMLoss:
        if name not in self._losses:
            raise UnknownNameError(unknown("loss", name, self._losses))
        return self._losses[name]

    def _call(self, loss: LMLoss, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Return what computes a loss by ``function``, records it and weighs it."""
        name, weights, recorders = loss.name, self._weights, self._recorders
        record_on_host, make_room = recorders.host.record, recorders.make_room
        half = torch.float16

        def call(*inputs: object) -> Tensor:
            weight = loss.term_weight
            if weight is None:
                raise weights.weight_error(loss)
            try:
                raw = function(*inputs)
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
                record_on_host(loss, raw, samples, weight)
                history = loss.history
                if len(history.flat) >= history.end:
                    make_room(history)
            else:
                recorders.record_on_device([(loss, raw)], samples)
            return raw * (weight * loss.objective_weight)

        return call
