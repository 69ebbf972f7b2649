"""Runs one loss for ``compute_loss``: calls it, records it, weighs it, with nothing else on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch._C import _current_graph_task_id

from lossspec.errors import LossResultError, UnknownNameError
from lossspec.manager.loss.messages import describe, explain, read_wrapped
from lossspec.manager.record.host import NO_BACKWARD
from lossspec.manager.record.ranks import batch_size
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.record.recorders import Recorders


class Runners(dict[str, "Callable[..., Tensor]"]):
    """What runs each loss, by name: made when it is first asked for."""

    def __init__(
        self, losses: Mapping[str, LMLoss], clock: Clock, weights: Weights, recorders: Recorders
    ) -> None:
        super().__init__()
        self._losses = losses
        self._rest = clock, weights, recorders

    def __missing__(self, name: str) -> Callable[..., Tensor]:
        if name not in self._losses:
            raise UnknownNameError(unknown("loss", name, self._losses))
        self[name] = runner(self._losses[name], *self._rest)
        return self[name]


def runner(loss: LMLoss, clock: Clock, weights: Weights, recorders: Recorders) -> Callable[..., Tensor]:
    """Return the function that runs ``loss`` on its inputs.

    It is called once a term and a step, just after a large computation: what a call touches is not in the
    processor's caches. So the commonest case, a scalar on the CPU, is recorded here and not in a method of
    the recorder, which does the same.
    """
    name, record_on_host, make_room = loss.name, recorders.host.record, recorders.make_room

    def run(*inputs: object) -> Tensor:
        weight = loss.weight
        if weight is None:
            raise weights.refusal(loss)
        try:
            raw = loss.function(*inputs)
        except Exception as error:
            explain(error, name, loss.function, inputs)
            raise
        try:
            is_on_host = raw.is_cpu
        except AttributeError:
            raise LossResultError(f"`{name}` must return a tensor: it returned {describe(raw)}") from None
        if not is_on_host or recorders.counts_samples or raw.ndim:
            samples = recorders.samples or batch_size(inputs) if recorders.counts_samples else 1
            record = record_on_host if is_on_host else recorders.record
            record(loss, raw, samples)
        elif _current_graph_task_id() == NO_BACKWARD:
            history = loss.history
            flat = history.flat
            try:
                value: float = raw.tolist()  # type: ignore[assignment]  # a number, and sooner than item()
            except RuntimeError:
                value = read_wrapped(raw, name)
            flat += (value, weight, loss.scale, clock.epoch, clock.step, 1)
            if len(flat) >= history.end:
                make_room(history)
        return raw * (weight * loss.scale)

    return run
