"""Where values are recorded, by where they are: read at once on the CPU, fetched later from elsewhere."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

import torch

from lossspec.errors import ClockError
from lossspec.manager.loss.curve import is_count
from lossspec.manager.record.compiled import CAPACITY, Ring
from lossspec.manager.record.device import DeviceRecorder
from lossspec.manager.record.host import HostRecorder
from lossspec.manager.record.ranks import batch_size, ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.host import Applied
    from lossspec.manager.record.weighing import Weighing

#: After how many steps rings are first fetched, to learn how many rows a step makes.
_FIRST_FETCH = 64


class Recorders:
    """The recorders of a manager, and the fetching of what waits on devices.

    Only the thread that trains fetches. A getter that is called in another thread asks for it, and the
    next ``step()`` does it.

    Args:
        clock: what each row is stamped with.
        full: a bound method, called with a history that has no room left; it is held weakly.

    Attributes:
        counts_samples: whether rows need a batch size: only the mean over ranks does.
        samples: the batch size that the caller gave; None to take it from the tensors.
    """

    def __init__(self, clock: Clock, full: Callable[[LMHistory], None]) -> None:
        self._clock = clock
        self._full = weakref.WeakMethod(full)
        self.host = HostRecorder(clock, self.make_room)
        self._devices: dict[torch.device, DeviceRecorder] = {}
        self._rings: list[Ring] = []
        self._thread = threading.get_ident()
        self._wanted = False
        self._steps = 0
        self.counts_samples = ranks() > 1
        self.samples: int | None = None
        self._steps_between = _FIRST_FETCH

    def count(self, tensors: Mapping[str, object]) -> int:
        """Return how many samples a call has: what the caller said, or the batch size of its tensors."""
        return self.samples or batch_size(tensors.values())

    def record_row(
        self,
        weighing: Weighing,
        raws: Sequence[torch.Tensor],
        stacked: torch.Tensor | None,
        samples: int = 1,
    ) -> None:
        """Record the raw values of losses, which are given as one vector, too, where that could be made."""
        if stacked is None:
            for loss, raw in zip(weighing.losses, raws, strict=True):
                self.record_one(loss, raw, samples)
        elif stacked.is_cpu:
            self.host.record_row(weighing, stacked, samples)
        else:
            self._on(stacked.device).record_row(weighing, stacked, samples)

    def record_one(self, loss: LMLoss, raw: torch.Tensor, samples: int = 1) -> None:
        """Record one result, wherever it is."""
        record = self.host.record if raw.is_cpu else self.record
        record(loss, raw, samples)

    def record(self, loss: LMLoss, raw: torch.Tensor, samples: int = 1) -> None:
        """Record one result that is not on the CPU."""
        self.record_all([(loss, raw)], samples)

    def record_weighted(
        self, results: Sequence[tuple[LMLoss, torch.Tensor]], applied: Applied, samples: int = 1
    ) -> None:
        """Record scalars, wherever they are, some of them with the weights that a balance found."""
        elsewhere = []
        for loss, raw in results:
            if not raw.is_cpu:
                elsewhere.append((loss, raw))
            elif loss.name in applied:
                self.host.record_weighted(loss, raw, float(applied[loss.name]), samples)
            else:
                self.host.record(loss, raw, samples)
        if elsewhere:
            self.record_all(elsewhere, samples, applied)

    def record_all(
        self,
        results: Sequence[tuple[LMLoss, torch.Tensor]],
        samples: int = 1,
        applied: Applied | None = None,
    ) -> None:
        """Record results that are all on one device that is not the CPU."""
        self._on(results[0][1].device).record(results, samples, applied)

    def _on(self, device: torch.device) -> DeviceRecorder:
        """Return the recorder of a device, for the thread that trains."""
        self._thread = threading.get_ident()
        if device not in self._devices:
            self._devices[device] = DeviceRecorder(device, self._clock, self.fetch)
            self._clock.follow(["step"], self._after_step)
        return self._devices[device]

    def claim(self) -> None:
        """Take the thread that calls for the one that trains."""
        self._thread = threading.get_ident()

    def watch(self, ring: Ring) -> None:
        """Fetch the rows of a ring from now on."""
        self._rings.append(ring)
        self._clock.follow(["step", "epoch"], self._after_step)  # some loops set only the epoch, in fractions

    def _after_step(self) -> None:
        self._thread = threading.get_ident()
        self._steps += 1
        if self._wanted or (self._rings and self._steps >= self._steps_between):
            self.fetch()

    def fetch(self) -> None:
        """Move every value that waits on a device to its history: one read for each device."""
        if not self._devices and not self._rings:
            return
        if threading.get_ident() != self._thread:
            self._wanted = True
            return
        sources: dict[torch.device, list[DeviceRecorder | Ring]] = {}
        for device, recorder in self._devices.items():
            sources.setdefault(device, []).append(recorder)
        rings = [each for each in self._rings if not each.is_idle()]
        for ring in rings:
            sources.setdefault(ring.rows.device, []).append(ring)
        filled: list[LMHistory] = []
        for found in sources.values():
            waiting = [each.waiting() for each in found]
            if not any(len(each) for each in waiting):
                continue
            values = to_host(torch.cat(waiting))
            start = 0
            for each, part in zip(found, waiting, strict=True):
                filled += each.settle(values[start : start + len(part)])
                start += len(part)
        rows = max((ring.rows_seen for ring in rings), default=0)
        if self._steps:  # an eighth of a ring is full when it is fetched: a step may come to make more
            self._steps_between = max(1, CAPACITY // 8 * self._steps // max(rows, self._steps))
        self._steps, self._wanted = 0, False
        for history in dict.fromkeys(filled):
            if len(history.flat) >= history.end:
                self.make_room(history)

    def make_room(self, history: LMHistory) -> None:
        """Have a full history written or trimmed."""
        full = self._full()
        if full is not None:
            full(history)
        else:  # the manager is gone, and an objective of it goes on
            history.trim()


def require_batch_size(value: object) -> None:
    """Refuse what is no batch size.

    Raises:
        ClockError: it is no whole number of 1 or more.
    """
    if value is not None and not is_count(value):
        raise ClockError(f"`batch_size` must be a whole number, 1 or more: it is {value!r}")


def to_host(values: torch.Tensor) -> list[float]:
    """Read a tensor: the only place where the host waits for a device."""
    found: list[float] = values.tolist()
    return found
