"""Records in a compiled objective: the graph writes rows to a ring buffer on its device.

A compiled graph runs without the host, so whatever changes between calls must be in tensors: the graph reads
the weights from ``state`` and writes the values to ``rows``. Each row holds the number of a stamp; the host
keeps the clock, the weights and the running terms of each stamp.
"""

from __future__ import annotations

import math
import warnings
from time import time
from typing import TYPE_CHECKING

import torch
from attrs import frozen

from lossspec.log.rows import GAP

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss

CAPACITY = 4096
#: The row count is read as a 32-bit float, modulo this.
_WRAP = 1 << 22
_STAMP, _SAMPLES, _RAW = range(3)
#: The stamp of rows that are not recorded.
_UNRECORDED = -1


@frozen
class _Stamp:
    epoch: float
    step: int
    #: for each running term: its column, its history, its term weight and its objective weight.
    terms: tuple[tuple[int, LMHistory, float, float], ...]
    #: the batch size that the caller set; None to take it from the tensors of each call.
    samples: int | None
    #: when it was made: a graph runs without the host, which knows no later time of its rows.
    time: float


class RingBuffer:
    """The weights and rows of one objective, as plain tensors on its device.

    They are not module buffers: a cast of the module must not round them, DDP must not broadcast them, and
    a checkpoint must not hold them. ``rows_seen`` is how many rows the last ``settle`` found.

    Args:
        losses: the losses of the objective, one column each.
        clock: gives the position of each row.
        device: the device of the tensors until ``to`` moves them.
        optional: the columns of losses that can be missing from a call. A row says for each whether it is.

    Attributes:
        keeps_gaps: whether the place of a missing loss is kept in its history.
    """

    def __init__(
        self,
        losses: Sequence[LMLoss],
        clock: Clock,
        device: torch.device | None,
        optional: Sequence[int] = (),
    ) -> None:
        self._losses = tuple(losses)
        self._optional = tuple(optional)
        self._width = _RAW + len(losses) + len(optional)
        self.keeps_gaps = False
        self._clock = clock
        self._stamps: list[_Stamp] = []
        self._running: tuple[int, ...] = ()
        self._idle: Collection[str] = ()
        self._records = True
        self._seen = 0
        self.rows_seen = 0
        with torch.inference_mode(mode=False):
            self.rows = torch.zeros(CAPACITY, self._width, dtype=torch.float32, device=device)
            self.index = torch.zeros(1, dtype=torch.int64, device=device)
            self.state = torch.zeros(len(losses) + 2, dtype=_widest(self.rows.device), device=device)

    def to(self, device: torch.device) -> None:
        """Move the tensors and keep their types."""
        if device != self.rows.device:
            with torch.inference_mode(mode=False):
                self.rows, self.index = _moved(self.rows, device), _moved(self.index, device)
                self.state = torch.zeros(len(self._losses) + 2, dtype=_widest(device), device=device)
            self._send()

    def is_idle(self) -> bool:
        """Return whether no row waits, as far as the host knows without reading the device."""
        return self.index.is_cpu and int(self.index) % _WRAP == self._seen

    def stamp(
        self, running: tuple[int, ...], idle: Collection[str], samples: int | None, *, records: bool
    ) -> None:
        """Give the graph the current weights; new rows get the current position of the clock.

        Args:
            running: the columns of the terms that run.
            idle: the names of those that weigh 0 now, whatever their weight.
            samples: the batch size that the caller set, if any.
            records: whether new rows are recorded. A graph writes them in any case.
        """
        self._running, self._idle, self._records = running, idle, records
        if not records:
            self._send()
            return
        if self.is_idle():  # no row refers to the stamps so far
            self._stamps.clear()
        terms = tuple(
            (column, loss.history, self._weight(loss), loss.objective_weight)
            for column, loss in enumerate(self._losses)
            if column in running
        )
        self._stamps.append(_Stamp(self._clock.epoch, self._clock.step, terms, samples, time()))
        self._send()

    def _weight(self, loss: LMLoss) -> float:
        if loss.name in self._idle:
            return 0.0
        return math.nan if loss.term_weight is None else loss.term_weight

    def _send(self) -> None:
        weights = [self._weight(loss) for loss in self._losses]
        objective_weight = self._losses[0].objective_weight
        with torch.inference_mode(mode=False):
            stamp = len(self._stamps) - 1 if self._records else _UNRECORDED
            values = [float(stamp), objective_weight, *weights]
            state = torch.tensor(values, dtype=self.state.dtype, device="cpu")  # not the default device
            if self.state.is_cuda:
                state = state.pin_memory()
            # A new tensor: a backward can still need the old values.
            self.state = state.to(self.state.device, non_blocking=True)

    def write(self, raws: dict[int, torch.Tensor], samples: int) -> None:
        """Add a row; this runs in the graph."""
        like = next(iter(raws.values()))
        nothing = torch.zeros((), dtype=torch.float32, device=like.device)
        columns = [
            raws[column].detach().float() if column in raws else nothing
            for column in range(len(self._losses))
        ]
        is_there = [nothing + float(column in raws) for column in self._optional]
        row = torch.stack([self.state[_STAMP].float(), nothing + samples, *columns, *is_there])
        self.rows.index_copy_(0, self.index % CAPACITY, row.unsqueeze(0))
        self.index.add_(1)

    def objective_weight(self) -> torch.Tensor:
        """Return the objective weight; this runs in the graph."""
        return self.state[1]

    def term_weight(self, column: int) -> torch.Tensor:
        """Return the term weight of a column; this runs in the graph."""
        return self.state[column + 2]

    def waiting(self) -> torch.Tensor:
        """Return the row count and all rows as one flat tensor, on the device."""
        return torch.cat([(self.index % _WRAP).float(), self.rows.flatten()])

    def _warn_of_overwritten(self, lost: int) -> None:
        for column in self._running:
            self._losses[column].history.lost += lost
        warnings.warn(
            f"{lost} values of each loss of `{self._losses[0].objective}` were overwritten on their device "
            "before they were read: call `manager.step()` after each optimiser step, or "
            f"`update_loss_log()` every {CAPACITY} calls of a compiled objective",
            RuntimeWarning,
            stacklevel=2,
        )

    def settle(self, values: Sequence[float]) -> list[LMHistory]:
        """Add the new rows, now on the host, to their histories, and return these."""
        new = (int(values[0]) - self._seen) % _WRAP
        lost = max(0, new - CAPACITY)
        width, flags = self._width, _RAW + len(self._losses)
        filled: dict[LMHistory, int] = {}
        for number in range(self._seen + lost, self._seen + new):
            start = 1 + number % CAPACITY * width
            row = values[start : start + width]
            if row[_STAMP] == _UNRECORDED:
                continue
            stamp = self._stamps[int(row[_STAMP])]
            samples = stamp.samples or row[_SAMPLES]
            missing = [each for index, each in enumerate(self._optional) if row[flags + index] == 0.0]
            for column, history, *weights in stamp.terms:
                filled.setdefault(history, len(history.flat))
                if column not in missing:
                    history.add(row[_RAW + column], *weights, stamp.epoch, stamp.step, samples, stamp.time)
                elif self.keeps_gaps:
                    history.add(0.0, *weights, stamp.epoch, stamp.step, GAP, stamp.time)
        if lost:
            self._warn_of_overwritten(lost)
        self._seen, self.rows_seen = (self._seen + new) % _WRAP, new
        del self._stamps[:-1]
        self._send()
        for history, begin in filled.items():
            if len(history.flat) > begin:
                history.merge(begin)
        return [*filled]


def times(value: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Multiply as by a Python float: in at least 32 bits, and round once to the type of ``value``."""
    wide = torch.float32 if value.dtype in {torch.float16, torch.bfloat16} else value.dtype
    return (value.to(wide) * weight.to(wide)).to(value.dtype)


def _moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a tensor on another device; one from the meta device becomes zeros."""
    return torch.zeros_like(values, device=device) if values.is_meta else values.to(device)


def _widest(device: torch.device) -> torch.dtype:
    """Return the widest float type of a device: 64 bits, but 32 on Apple's devices."""
    return torch.float32 if device.type == "mps" else torch.float64
