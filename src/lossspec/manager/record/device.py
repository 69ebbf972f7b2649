"""Records on an accelerator: values wait there in one buffer, and the host never waits for a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from lossspec.manager.record.host import keep_map, runs_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lossspec.log.rows import LMHistory
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.host import Applied
    from lossspec.manager.record.weighing import Weighing

#: How many values wait on a device before the host fetches them unasked.
SLOTS = 8192


class DeviceRecorder:
    """Copies values to a buffer on one device; all else that a row holds is known on the host.

    Args:
        device: where the buffer is.
        clock: what each row is stamped with.
        fetch: called when the buffer is full; it must hand the buffer's values to ``settle``.
    """

    def __init__(self, device: torch.device, clock: Clock, fetch: Callable[[], None]) -> None:
        self._clock = clock
        self._fetch = fetch
        # A row's history and what else it holds; None where the value is the weight of the row before it.
        self._rest: list[tuple[LMHistory, tuple[float, ...] | None]] = []
        with torch.inference_mode(mode=False):
            self._values = torch.zeros(SLOTS, dtype=torch.float32, device=device)

    def record(
        self,
        results: Sequence[tuple[LMLoss, torch.Tensor]],
        samples: int = 1,
        applied: Applied | None = None,
    ) -> None:
        """Add a row for each unweighted result; a map is recorded by its mean, and kept.

        Args:
            results: the losses and what they returned.
            samples: what the values count for in a mean over processes.
            applied: the weights that a balance found, where there is one.
        """
        if runs_again():
            return
        if len(self._rest) + 2 * len(results) > SLOTS:
            self._fetch()
        first, clock = len(self._rest), self._clock
        values = [raw.detach() if raw.dim() == 0 else keep_map(loss, raw) for loss, raw in results]
        for loss, _ in results:
            weight = cast("float", loss.weight)
            self._rest.append((loss.history, (weight, loss.scale, clock.epoch, clock.step, samples)))
        for loss, _ in results:
            if applied and loss.name in applied:
                values.append(torch.as_tensor(applied[loss.name]).detach())
                self._rest.append((loss.history, None))
        with torch.no_grad():
            room = self._values[first : first + len(values)]
            torch.stack([value.to(room) for value in values], out=room)

    def record_row(self, weighing: Weighing, stacked: torch.Tensor, samples: int = 1) -> None:
        """Add a row for each loss: its raw value is one element of ``stacked``. One copy, on the device."""
        if runs_again():
            return
        losses = weighing.losses
        if len(self._rest) + len(losses) > SLOTS:
            self._fetch()
        first, clock = len(self._rest), self._clock
        rest = weighing.scale, clock.epoch, clock.step, samples
        for loss, weight in zip(losses, weighing.weights, strict=True):
            self._rest.append((loss.history, (weight, *rest)))
        with torch.no_grad():
            self._values[first : first + len(losses)].copy_(stacked)

    def waiting(self) -> torch.Tensor:
        """Return the values that wait, on their device."""
        return self._values[: len(self._rest)]

    def settle(self, values: Sequence[float]) -> list[LMHistory]:
        """Put the values that waited, now on the host, into their histories; return these."""
        rest, self._rest = self._rest, []
        for value, (history, row) in zip(values, rest, strict=True):
            if row is None:
                history.weigh_last(value)
            else:
                history.add(value, *row)
        return [history for history, _ in rest]
