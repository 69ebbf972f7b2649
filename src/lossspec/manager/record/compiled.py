"""Records in a compiled objective: rows in a ring on its device, written within the graph.

A compiled graph runs without the host, so what changes from call to call has to be in tensors: the weights
come from ``state``, the values go to ``rows``. A row holds the number of its stamp; what the stamp stands
for (the clock, the weights, which terms ran) is known on the host.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, cast

import torch
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss

CAPACITY = 4096
#: The row count travels as a 32-bit float, modulo this.
_TURN = 1 << 22
_STAMP, _SAMPLES, _RAW = range(3)


@frozen
class _Stamp:
    epoch: float
    step: int
    #: for each term that runs: its column, where its values go, its weight and its objective's.
    terms: tuple[tuple[int, LMHistory, float, float], ...]


class Ring:
    """The weights and the rows of one objective, as plain tensors on its device.

    They are no buffers: casting the module must not round them, DDP must not broadcast them, and a
    checkpoint must not hold them. ``rows_seen`` is how many rows the last ``settle`` found.

    Args:
        losses: the losses of the objective, one column each.
        clock: what each row is stamped with.
        device: where the tensors are until ``to`` moves them.
    """

    def __init__(self, losses: Sequence[LMLoss], clock: Clock, device: torch.device | None) -> None:
        self._losses = tuple(losses)
        self._clock = clock
        self._stamps: list[_Stamp] = []
        self._running: tuple[int, ...] = ()
        self._seen = 0
        self.rows_seen = 0
        with torch.inference_mode(mode=False):
            self.rows = torch.zeros(CAPACITY, len(losses) + _RAW, dtype=torch.float32, device=device)
            self.index = torch.zeros(1, dtype=torch.int64, device=device)
            self.state = torch.zeros(len(losses) + 2, dtype=_widest(self.rows.device), device=device)

    def to(self, device: torch.device) -> None:
        """Move the tensors, keeping their types."""
        if device != self.rows.device:
            with torch.inference_mode(mode=False):
                self.rows, self.index = _moved(self.rows, device), _moved(self.index, device)
                self.state = torch.zeros(len(self._losses) + 2, dtype=_widest(device), device=device)
            self._send()

    def is_idle(self) -> bool:
        """Whether it is known, without waiting for a device, that no row was written since ``settle``."""
        return self.index.is_cpu and int(self.index) % _TURN == self._seen

    def stamp(self, running: tuple[int, ...]) -> None:
        """Give the graph the weights of now; rows from here on mean this place on the clock."""
        self._running = running
        if self.is_idle():  # no row has the stamps so far: of an objective that runs outside of any graph
            self._stamps.clear()
        terms = tuple(
            (column, loss.history, cast("float", loss.weight), loss.scale)
            for column, loss in enumerate(self._losses)
            if column in running
        )
        self._stamps.append(_Stamp(self._clock.epoch, self._clock.step, terms))
        self._send()

    def _send(self) -> None:
        weights = [math.nan if loss.weight is None else loss.weight for loss in self._losses]
        scale = self._losses[0].scale
        with torch.inference_mode(mode=False):
            values = [float(len(self._stamps) - 1), scale, *weights]
            state = torch.tensor(values, dtype=self.state.dtype, device="cpu")  # whatever the default device
            if self.state.is_cuda:
                state = state.pin_memory()
            # A new tensor, not new values in the old: backward may still need those.
            self.state = state.to(self.state.device, non_blocking=True)

    def write(self, raws: dict[int, torch.Tensor], samples: int) -> None:
        """Add a row; runs within the graph."""
        like = next(iter(raws.values()))
        nothing = torch.zeros((), dtype=torch.float32, device=like.device)
        columns = [
            raws[column].detach().float() if column in raws else nothing
            for column in range(len(self._losses))
        ]
        row = torch.stack([self.state[_STAMP].float(), nothing + samples, *columns])
        self.rows.index_copy_(0, self.index % CAPACITY, row.unsqueeze(0))
        self.index.add_(1)

    def scale(self) -> torch.Tensor:
        """The objective's weight; runs within the graph."""
        return self.state[1]

    def weight(self, column: int) -> torch.Tensor:
        """A term's weight; runs within the graph."""
        return self.state[column + 2]

    def waiting(self) -> torch.Tensor:
        """Return the count of rows and all rows as one flat tensor, on the device."""
        return torch.cat([(self.index % _TURN).float(), self.rows.flatten()])

    def _count(self, lost: int) -> None:
        for column in self._running:
            self._losses[column].history.lost += lost
        warnings.warn(
            f"{lost} values of each loss of `{self._losses[0].objective}` were overwritten on their device "
            "before anyone read them, and are lost: call `manager.step()` after each optimiser step, or "
            f"`update_loss_log()` every {CAPACITY} calls of a compiled objective",
            RuntimeWarning,
            stacklevel=2,
        )

    def settle(self, values: Sequence[float]) -> list[LMHistory]:
        """Put the rows that are new, now on the host, into their histories; return these."""
        new = (int(values[0]) - self._seen) % _TURN
        lost = max(0, new - CAPACITY)
        width = len(self._losses) + _RAW
        filled = []
        for number in range(self._seen + lost, self._seen + new):
            start = 1 + number % CAPACITY * width
            row = values[start : start + width]
            stamp = self._stamps[int(row[_STAMP])]
            for column, history, weight, scale in stamp.terms:
                raw = row[_RAW + column]
                history.add(raw, weight, scale, stamp.epoch, stamp.step, row[_SAMPLES])
                filled.append(history)
        if lost:
            self._count(lost)
        self._seen, self.rows_seen = (self._seen + new) % _TURN, new
        del self._stamps[:-1]
        self._send()
        return filled


def _moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Move a tensor; one made on the meta device, as models are before their weights are there, is empty."""
    return torch.zeros_like(values, device=device) if values.is_meta else values.to(device)


def _widest(device: torch.device) -> torch.dtype:
    """Return the type in which weights keep all their digits; Apple's devices know no 64-bit floats."""
    return torch.float32 if device.type == "mps" else torch.float64
