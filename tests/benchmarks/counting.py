"""Counts with torch.profiler what a call gives a device to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch
from attrs import frozen
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.cases import Forward
    from torch.autograd.profiler_util import FunctionEvent

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # it tells of each start and stop


@frozen
class Count:
    """What a call gave a device to do.

    Attributes:
        operations: the operations of torch that it called, without those that these call in turn.
        launches: the kernels, copies and fills that ran on a CUDA device; 0 on others.
        waits: how often the host waited for a value.
        busy: how long a CUDA device worked, in microseconds; 0 on others.
    """

    operations: int
    launches: int
    waits: int
    busy: float


def count(run: Callable[[], object], device: torch.device) -> Count:
    """Return what a call gives a device to do; what it needs once must be there already."""
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
        torch.cuda.synchronize(device)
    with profile(activities=activities) as profiled:
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)  # `cudaDeviceSynchronize`, which is not counted
    return of_events(profiled.events())


def of_events(events: Sequence[FunctionEvent]) -> Count:
    """Return the counts of a profile."""
    is_cuda = any(event.device_type == DeviceType.CUDA for event in events)
    waiting = "cudaStreamSynchronize" if is_cuda else "aten::_local_scalar_dense"  # of `.item()`
    operations = launches = waits = 0
    busy = 0.0
    for event in events:
        if event.device_type == DeviceType.CUDA:
            if not event.is_user_annotation:
                launches += 1
                busy += event.time_range.elapsed_us()
        elif event.name == waiting:
            waits += 1
        if event.name.startswith("aten::") and not _is_within_another(event):
            operations += 1
    return Count(operations, launches, waits, busy)


def _is_within_another(event: FunctionEvent) -> bool:
    parent = event.cpu_parent
    while parent is not None:
        if parent.name.startswith("aten::"):
            return True
        parent = parent.cpu_parent
    return False


def forward_and_backward(forward: Forward, device: torch.device, warm: int = 3) -> tuple[Count, Count]:
    """Return what a forward and its backward give a device to do, after some that are not counted."""
    found: list[torch.Tensor] = []
    gradients: list[torch.Tensor] = []
    one = torch.ones((), device=device)

    def run_forward() -> None:
        result = forward()
        found[:] = [result] if isinstance(result, torch.Tensor) else result
        gradients[:] = [one] * len(found)

    def run_backward() -> None:
        torch.autograd.backward(found, gradients)

    for _ in range(warm):
        run_forward()
        run_backward()
    return count(run_forward, device), count(run_backward, device)
