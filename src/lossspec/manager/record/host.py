"""Records on the CPU: a value is read at once, which waits for nothing and keeps no tensor alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch._C import _current_graph_task_id  # as torch.utils.checkpoint asks; there is no public name

from lossspec.errors import LossResultError
from lossspec.manager.loss.messages import describe, read_wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.weighing import Weighing

#: Weights by loss: as the spec has them, or as a balancer found them, which may still be on a device.
Applied = dict[str, float | torch.Tensor]

#: The graph task outside of any backward.
NO_BACKWARD = -1


def runs_again() -> bool:
    """Whether this is within a backward, where a checkpointed forward runs for the second time."""
    return _current_graph_task_id() != NO_BACKWARD


class HostRecorder:
    """Appends a row to a loss's history.

    Args:
        clock: what each row is stamped with.
        full: called with a history that has no room left.
    """

    def __init__(self, clock: Clock, full: Callable[[LMHistory], None]) -> None:
        self._clock = clock
        self._full = full

    def record(self, loss: LMLoss, raw: torch.Tensor, samples: int = 1) -> None:
        """Add a row for ``raw``, the unweighted result; a map is recorded by its mean, and kept."""
        if _current_graph_task_id() != NO_BACKWARD:  # `runs_again`, without a call
            return
        result = keep_map(loss, raw) if raw.ndim else raw
        try:
            value: float = result.tolist()  # type: ignore[assignment]  # a number, and sooner than item()
        except RuntimeError:
            value = read_wrapped(result, loss.name)
        weight: float = loss.weight  # type: ignore[assignment]  # it would not have run without
        clock = self._clock
        history = loss.history
        flat = history.flat
        flat += (value, weight, loss.scale, clock.epoch, clock.step, samples)
        if len(flat) >= history.end:
            self._full(history)

    def record_row(self, weighing: Weighing, stacked: torch.Tensor, samples: int = 1) -> None:
        """Add a row for each loss: its raw value is one element of ``stacked``."""
        if _current_graph_task_id() != NO_BACKWARD:  # `runs_again`, without a call
            return
        try:
            values: list[float] = stacked.tolist()
        except RuntimeError:  # within a transform of torch.func, which is unwrapped value by value
            values = [
                read_wrapped(raw, loss.name) for loss, raw in zip(weighing.losses, stacked, strict=True)
            ]
        clock = self._clock
        rest = weighing.scale, clock.epoch, clock.step, samples
        for loss, weight, value in zip(weighing.losses, weighing.weights, values, strict=True):
            history = loss.history
            flat = history.flat
            flat += (value, weight, *rest)
            if len(flat) >= history.end:
                self._full(history)

    def record_weighted(self, loss: LMLoss, raw: torch.Tensor, weight: float, samples: int = 1) -> None:
        """Add a row for a scalar whose weight a balance found."""
        if runs_again():
            return
        history, clock = loss.history, self._clock
        history.add(raw.item(), weight, loss.scale, clock.epoch, clock.step, samples)
        if len(history.flat) >= history.end:
            self._full(history)


def keep_map(loss: LMLoss, raw: torch.Tensor) -> torch.Tensor:
    """Remember the map that a loss returned, and return its mean in 32 bits.

    Raises:
        LossResultError: it is complex, and its mean would lose a part.
    """
    found = raw.detach()
    if found.is_complex():
        raise LossResultError(f"`{loss.name}` must return real numbers: it returned {describe(found)}")
    loss.last_map = (found, loss.applied_weight)
    return found.mean(dtype=torch.float32)
