"""Records values on the CPU: they are read at once, without waiting, and no tensor is kept."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossResultError
from lossspec.manager.loss.messages import describe, read_wrapped
from lossspec.manager.torch_internals import NO_BACKWARD, graph_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.weighing import Weighing


class HostRecorder:
    """Appends a row to the history of a loss.

    Args:
        clock: gives the position of each row.
        make_room: called with a history that is full.

    Attributes:
        is_on: whether values are recorded.
    """

    def __init__(self, clock: Clock, make_room: Callable[[LMHistory], None]) -> None:
        self._clock = clock
        self._make_room = make_room
        self.is_on = True

    def record(self, loss: LMLoss, raw: torch.Tensor, samples: int, term_weight: float) -> None:
        """Add a row for a raw result; a map is kept, and recorded as its mean.

        The caller makes room, once all rows of its call are there: a call is flushed as a whole.

        Args:
            loss: the loss that returned it.
            raw: the unweighted result.
            samples: the batch size.
            term_weight: its own, or the one that a balancer set.
        """
        if graph_task() != NO_BACKWARD or not self.is_on:  # `in_backward` without a call
            return
        result = keep_map(loss, raw) if raw.ndim else raw
        try:
            value: float = result.item()
        except RuntimeError:
            value = read_wrapped(result, loss.name)
        clock = self._clock
        flat = loss.history.flat
        flat += (value, term_weight, loss.objective_weight, clock.epoch, clock.step, samples, time())

    def record_vector(
        self,
        weighing: Weighing,
        stacked: torch.Tensor,
        samples: int = 1,
        balanced: torch.Tensor | None = None,
    ) -> None:
        """Add a row for each loss, whose raw result is one element of ``stacked``.

        Args:
            weighing: the losses and their weights.
            stacked: the raw results.
            samples: the batch size.
            balanced: the term weights as a balancer set them, if there is one.
        """
        if graph_task() != NO_BACKWARD or not self.is_on:  # `in_backward` without a call
            return
        losses, weights = weighing.losses, weighing.term_weights
        try:
            values: list[float] = stacked.tolist()
        except RuntimeError:  # in a transform of torch.func
            values = [read_wrapped(raw, loss.name) for loss, raw in zip(losses, stacked, strict=True)]
        if balanced is not None:
            weights = [read_wrapped(each, loss.name) for loss, each in zip(losses, balanced, strict=True)]
        clock = self._clock
        objective_weight, epoch, step, now = weighing.objective_weight, clock.epoch, clock.step, time()
        is_full = False
        for loss, weight, value in zip(losses, weights, values, strict=True):
            history = loss.history
            flat = history.flat
            flat += (value, weight, objective_weight, epoch, step, samples, now)
            if len(flat) >= history.end:
                is_full = True
        if is_full:  # once all rows of the call are there: it is flushed as a whole
            for loss in losses:
                if len(loss.history.flat) >= loss.history.end:
                    self._make_room(loss.history)


def keep_map(loss: LMLoss, raw: torch.Tensor) -> torch.Tensor:
    """Keep the map that a loss returned, and return its mean as a 32-bit float.

    Raises:
        LossResultError: it is complex.
    """
    found = raw.detach()
    if found.is_complex():
        raise LossResultError(f"`{loss.name}` must return real numbers, got {describe(found)}")
    loss.last_map = (found, loss.applied_weight)
    return found.mean(dtype=torch.float32)
