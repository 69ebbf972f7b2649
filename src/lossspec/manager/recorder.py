"""Records what a loss returned, without making the host wait for an accelerator."""

from __future__ import annotations

import threading
from array import array
from typing import TYPE_CHECKING

import torch
from torch._C import _current_graph_task_id  # what torch.utils.checkpoint asks too: there is no public name

from lossspec.manager.history import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.manager.clock import Clock
    from lossspec.manager.history import LMHistory
    from lossspec.manager.loss import LMLoss

NO_BACKWARD = -1
#: How many values wait on a device before the host fetches them unasked.
SLOTS = 8192


class HostRecorder:
    """Reads a value at once: on the CPU a read waits for nothing, and keeps no tensor alive.

    Args:
        clock: what each row is stamped with.
        full: called with a history that has no room left.
    """

    def __init__(self, clock: Clock, full: Callable[[LMHistory], None]) -> None:
        self._clock = clock
        self._full = full
        self.samples = 1

    def record(self, loss: LMLoss, raw: torch.Tensor) -> None:
        """Add a row for ``raw``, the unweighted result; a map is recorded by its mean, and kept."""
        if _current_graph_task_id() != NO_BACKWARD:
            return  # a checkpointed forward that runs again, within backward
        if raw.dim():
            value = keep_map(loss, raw).item()
        else:
            value = raw.item()
        history = loss.history
        rows = history.rows
        clock = self._clock
        rows.extend((value, loss.weight, loss.scale, clock.epoch, clock.step, self.samples))
        if len(rows) >= history.room:
            self._full(history)


class DeviceRecorder:
    """Keeps values on their device, in one buffer made once; the host fetches them all in one read.

    Args:
        clock: what each row is stamped with.
        full: called with a history that has no room left.
    """

    def __init__(self, clock: Clock, full: Callable[[LMHistory], None]) -> None:
        self._clock = clock
        self._full = full
        self.samples = 1
        self._values: dict[torch.device, torch.Tensor] = {}
        self._waiting: list[tuple[LMHistory, torch.device, int, tuple[float, ...]]] = []

    def record(self, loss: LMLoss, raw: torch.Tensor) -> None:
        """Copy ``raw``, or the mean of a map, to the buffer of its device."""
        if _current_graph_task_id() != NO_BACKWARD:
            return
        if len(self._waiting) == SLOTS:
            self.fetch()
        device, slot, clock = raw.device, len(self._waiting), self._clock
        if device not in self._values:
            with torch.inference_mode(mode=False):
                self._values[device] = torch.zeros(SLOTS, device=device)
        value = keep_map(loss, raw) if raw.dim() else raw.detach()
        with torch.no_grad():
            self._values[device][slot].copy_(value)
        rest = (float(loss.weight or 0.0), loss.scale, clock.epoch, clock.step, self.samples)
        self._waiting.append((loss.history, device, slot, rest))

    def fetch(self) -> None:
        """Move every value that waits to its history: one read for each device."""
        waiting, self._waiting = self._waiting, []
        values = {
            device: to_host(values[: len(waiting)]) for device, values in self._values.items() if waiting
        }
        for history, device, slot, rest in waiting:
            history.rows.extend((values[device][slot], *rest))
            if len(history.rows) >= history.room:
                self._full(history)


def keep_map(loss: LMLoss, raw: torch.Tensor) -> torch.Tensor:
    """Remember the map that a loss returned, and return its mean in 32 bits."""
    found = raw.detach()
    loss.last_map = (found, loss.applied_weight)
    return found.mean(dtype=torch.float32)


def to_host(values: torch.Tensor) -> list[float]:
    """Read a tensor: the only place where the host waits for a device."""
    return values.tolist()
