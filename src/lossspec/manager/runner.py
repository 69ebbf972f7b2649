"""Runs one loss for ``compute_loss``: calls it, records it, weighs it, with nothing else on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor
from torch._C import _current_graph_task_id

from lossspec.errors import LossResultError
from lossspec.manager.call import describe, explain
from lossspec.manager.distributed import batch_size
from lossspec.manager.history import ROW
from lossspec.manager.recorder_host import NO_BACKWARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.manager.clock import Clock
    from lossspec.manager.loss import LMLoss
    from lossspec.manager.recorders import Recorders
    from lossspec.manager.weights import Weights

_pack, _ROW_SIZE = ROW.pack_into, ROW.size


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
        if not isinstance(raw, Tensor):
            raise LossResultError(f"`{name}` must return a tensor: it returned {describe(raw)}")
        if recorders.counts_samples or not raw.is_cpu or raw.dim():
            samples = recorders.samples or batch_size(inputs) if recorders.counts_samples else 1
            record = record_on_host if raw.is_cpu else recorders.record
            record(loss, raw, samples)
        elif _current_graph_task_id() == NO_BACKWARD:
            history = loss.history
            used = history.used
            _pack(history.buffer, used, raw.item(), weight, loss.scale, clock.epoch, clock.step, 1)
            history.used = used = used + _ROW_SIZE
            if used >= history.end:
                make_room(history)
        return raw * (weight * loss.scale)

    return run
