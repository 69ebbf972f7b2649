"""Records values on an accelerator: they wait in a buffer there, and no step waits for the device."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, cast

import torch

from lossspec.log.rows import GAP
from lossspec.manager.record.host import keep_map
from lossspec.manager.torch_internals import in_backward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.weighing import Weighing

#: Term weights by loss, as a balancer set them; tensors can still be on a device.
BalancedWeights = dict[str, "float | torch.Tensor"]

#: How many values can wait on a device before the host fetches them.
SLOTS = 8192


class DeviceRecorder:
    """Copies values to a buffer on one device; the rest of each row is kept on the host.

    Args:
        device: the device of the buffer.
        clock: gives the position of each row.
        fetch: called when the buffer is full; it must pass the buffer's values to ``settle``.
    """

    def __init__(self, device: torch.device, clock: Clock, fetch: Callable[[], None]) -> None:
        self._clock = clock
        self._fetch = fetch
        # For each value its history and the rest of its row; None: it is the term weight of the row before.
        self._rest: list[tuple[LMHistory, tuple[float, ...] | None]] = []
        with torch.inference_mode(mode=False):
            self._values = torch.zeros(SLOTS, dtype=torch.float32, device=device)

    def record(
        self,
        results: Sequence[tuple[LMLoss, torch.Tensor]],
        samples: int = 1,
        balanced: BalancedWeights | None = None,
    ) -> None:
        """Add a row for each raw result; a map is kept, and recorded as its mean.

        Args:
            results: the losses and their unweighted results.
            samples: the batch size.
            balanced: the term weights that a balancer set, if there is one.
        """
        if in_backward():
            return
        if len(self._rest) + 2 * len(results) > SLOTS:
            self._fetch()
        first, clock, now = len(self._rest), self._clock, time()
        values = [raw.detach() if raw.dim() == 0 else keep_map(loss, raw) for loss, raw in results]
        moved: list[LMHistory] = []
        for loss, _ in results:
            weight = balanced.get(loss.name, loss.term_weight) if balanced else loss.term_weight
            if isinstance(weight, torch.Tensor):
                values.append(weight.detach())
                moved.append(loss.history)
                weight = loss.term_weight
            weights = cast("float", weight), loss.objective_weight
            self._rest.append((loss.history, (*weights, clock.epoch, clock.step, samples, now)))
        self._rest += [(history, None) for history in moved]
        with torch.no_grad():
            room = self._values[first : first + len(values)]
            if len(values) == 1:
                room.copy_(values[0])
            else:
                torch.stack([value.to(room) for value in values], out=room)

    def record_vector(
        self,
        weighing: Weighing,
        stacked: torch.Tensor,
        samples: int = 1,
        balanced: torch.Tensor | None = None,
    ) -> None:
        """Add a row for each loss, whose raw result is one element of ``stacked``: one copy on the device.

        Args:
            weighing: the losses and their weights.
            stacked: the raw results.
            samples: the batch size.
            balanced: the term weights as a balancer set them, if there is one: a second copy.
        """
        if in_backward():
            return
        losses = weighing.losses
        if len(self._rest) + 2 * len(losses) > SLOTS:
            self._fetch()
        first, clock = len(self._rest), self._clock
        rest = weighing.objective_weight, clock.epoch, clock.step, samples, time()
        for loss, weight in zip(losses, weighing.term_weights, strict=True):
            self._rest.append((loss.history, (weight, *rest)))
        with torch.no_grad():
            self._values[first : first + len(losses)].copy_(stacked)
            if balanced is not None:
                self._rest += [(loss.history, None) for loss in losses]
                self._values[first + len(losses) : len(self._rest)].copy_(balanced)

    def leave_out(self, loss: LMLoss) -> None:
        """Add a gap to the rows of a loss; nothing is written on the device."""
        if len(self._rest) + 1 > SLOTS:
            self._fetch()
        weights = cast("float", loss.term_weight), loss.objective_weight
        self._rest.append((loss.history, (*weights, self._clock.epoch, self._clock.step, GAP, time())))

    def waiting(self) -> torch.Tensor:
        """Return the waiting values, on their device."""
        return self._values[: len(self._rest)]

    def settle(self, values: Sequence[float]) -> list[LMHistory]:
        """Add the waiting values, now on the host, to their histories, and return these."""
        rest, self._rest = self._rest, []
        for value, (history, row) in zip(values, rest, strict=True):
            if row is None:
                history.weigh_last(value)
            else:
                history.add(value, *row)
        return [history for history, _ in rest]
