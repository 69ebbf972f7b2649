"""The recorders of a manager: values on the CPU are read at once, others are fetched later."""

from __future__ import annotations

import threading
import weakref
from time import time
from typing import TYPE_CHECKING, cast

import torch

from lossspec.errors import ClockError
from lossspec.log.rows import GAP
from lossspec.manager.loss.curve import is_count
from lossspec.manager.record.compiled import CAPACITY, RingBuffer
from lossspec.manager.record.device import DeviceRecorder
from lossspec.manager.record.host import HostRecorder
from lossspec.manager.record.ranks import batch_size, ranks
from lossspec.manager.torch_internals import in_backward

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.device import BalancedWeights
    from lossspec.manager.record.weighing import Weighing

#: Ring buffers are first fetched after so many steps, to learn how many rows a step makes.
_FIRST_FETCH = 64


class Recorders:
    """Records values by their device, and fetches those that wait on a device.

    Only the training thread fetches. A getter in another thread requests a fetch, which the next ``step()``
    does.

    Args:
        clock: gives the position of each row.
        full: a bound method, called with a history that is full; it is held weakly. None for a copy, which
            records nothing.

    Attributes:
        merges: whether the rows are merged with those of other ranks, if several processes train.
        several: whether several processes train.
        samples: the batch size that the caller set; None to take it from the tensors.
        is_copy: whether these are the recorders of a copied manager or objective.
        is_paused: whether the manager is in ``unrecorded()``.
    """

    def __init__(self, clock: Clock, full: Callable[[LMHistory], None] | None) -> None:
        self._clock = clock
        self.merges = False
        self._full = None if full is None else weakref.WeakMethod(full)
        self.host = HostRecorder(clock, self.make_room)
        self.is_copy = full is None
        self.pause(paused=False)
        self._devices: dict[torch.device, DeviceRecorder] = {}
        self._rings: list[RingBuffer] = []
        self._thread = threading.get_ident()
        self._fetch_requested = False
        self._steps = 0
        self.several = ranks() > 1
        self.samples: int | None = None
        self._steps_between = _FIRST_FETCH

    def __reduce__(self) -> tuple[type[Recorders], tuple[Clock, None], dict[str, object]]:
        """Return what makes the recorders of a copy, which record nothing."""
        return Recorders, (self._clock, None), {"samples": self.samples}

    @property
    def is_on(self) -> bool:
        """Whether values are recorded; never in a copy."""
        return self.host.is_on

    @property
    def keeps_gaps(self) -> bool:
        """Whether the place of a term is kept in the rows of a call that it is missing from."""
        return self.merges and self.several and self.is_on

    def pause(self, *, paused: bool) -> None:
        """Record nothing from now on, or record again; a copy never records."""
        self.is_paused = paused
        self.host.is_on = not paused and not self.is_copy

    def count(self, tensors: Mapping[str, object]) -> int:
        """Return the number of samples of a call: what the caller set, or the batch size of its tensors."""
        return self.samples or batch_size(tensors.values())

    def record(
        self,
        weighing: Weighing,
        raws: Sequence[torch.Tensor],
        stacked: torch.Tensor | None,
        samples: int = 1,
        balanced: torch.Tensor | None = None,
    ) -> None:
        """Record the raw results of losses, and weigh nothing.

        Args:
            weighing: the losses and their weights.
            raws: the raw result of each.
            stacked: the same as one vector, or None where they make none.
            samples: the batch size.
            balanced: the term weights as a balancer set them, as a vector; None for those of ``weighing``.
        """
        if stacked is None:
            results = list(zip(weighing.losses, raws, strict=True))
            self.record_balanced(results, samples, {**weighing.zeros})
        elif stacked.is_cpu:
            self.host.record_vector(weighing, stacked, samples, balanced)
        elif self.host.is_on:
            self._device(stacked.device).record_vector(weighing, stacked, samples, balanced)

    def record_balanced(
        self, results: Sequence[tuple[LMLoss, torch.Tensor]], samples: int, balanced: BalancedWeights
    ) -> None:
        """Record scalars on any device, with the term weights that a balancer set."""
        on_device = []
        for loss, raw in results:
            if raw.dtype is torch.float16:
                loss.half = "term"
            if not raw.is_cpu:
                on_device.append((loss, raw))
            else:
                weight = balanced.get(loss.name, cast("float", loss.term_weight))
                self.host.record(loss, raw, samples, float(weight))
        if on_device:
            self.record_on_device(on_device, samples, balanced)
        for loss, _ in results:
            if len(loss.history.flat) >= loss.history.end:
                self.make_room(loss.history)

    def record_on_device(
        self,
        results: Sequence[tuple[LMLoss, torch.Tensor]],
        samples: int = 1,
        balanced: BalancedWeights | None = None,
    ) -> None:
        """Record results that are all on one device other than the CPU."""
        if self.host.is_on:
            self._device(results[0][1].device).record(results, samples, balanced)

    def leave_out(self, losses: Sequence[LMLoss]) -> None:
        """Note that a call did not compute some losses, which it may have on other ranks."""
        if not self.keeps_gaps or in_backward():
            return
        recorder = next(iter(self._devices.values()), None)  # its rows come before: they are fetched later
        for loss in losses:
            if recorder is None:
                weights = cast("float", loss.term_weight), loss.objective_weight
                loss.history.add(0.0, *weights, self._clock.epoch, self._clock.step, GAP, time())
            else:
                recorder.leave_out(loss)

    def _device(self, device: torch.device) -> DeviceRecorder:
        """Return the recorder of a device, for the training thread."""
        self._thread = threading.get_ident()
        if device not in self._devices:
            self._devices[device] = DeviceRecorder(device, self._clock, self.fetch)
            self._clock.follow(["step"], self._after_step)
        return self._devices[device]

    def claim_thread(self) -> None:
        """Make the calling thread the training thread."""
        self._thread = threading.get_ident()

    def add_ring(self, ring: RingBuffer) -> None:
        """Fetch the rows of a ring buffer from now on."""
        self._rings.append(ring)
        self._clock.follow(["step", "epoch"], self._after_step)  # some loops only set a fractional epoch

    def _after_step(self) -> None:
        self._thread = threading.get_ident()
        self._steps += 1
        if self._fetch_requested or (self._rings and self._steps >= self._steps_between):
            self.fetch()

    def fetch(self) -> None:
        """Move all values that wait on devices to their histories, with one read a device."""
        if not self._devices and not self._rings:
            return
        if threading.get_ident() != self._thread:
            self._fetch_requested = True
            return
        sources: dict[torch.device, list[DeviceRecorder | RingBuffer]] = {}
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
        if self._steps:  # fetch when an eighth is full: later steps can make more rows
            self._steps_between = max(1, CAPACITY // 8 * self._steps // max(rows, self._steps))
        self._steps, self._fetch_requested = 0, False
        for history in dict.fromkeys(filled):
            if len(history.flat) >= history.end:
                self.make_room(history)

    def make_room(self, history: LMHistory) -> None:
        """Have a full history flushed or trimmed."""
        full = self._full() if self._full is not None else None
        if full is not None:
            full(history)
        else:  # the manager is gone, but its objective is still used
            history.trim()


def check_batch_size(value: object) -> None:
    """Check a batch size; None is valid.

    Raises:
        ClockError: it is not a whole number of at least 1.
    """
    if value is not None and not is_count(value):
        raise ClockError(f"`batch_size` must be a whole number of at least 1, got {value!r}")


def to_host(values: torch.Tensor) -> list[float]:
    """Read a tensor; the host waits for a device only here."""
    found: list[float] = values.tolist()
    return found
