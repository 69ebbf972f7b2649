"""Which devices are measured: the CPU, and a CUDA device where there is one.

``LOSSSPEC_BENCH_DEVICE`` chooses others, such as ``cuda``, ``cuda:1`` or ``cpu,cuda``. ``meta`` computes no
values, but dispatches what an accelerator would run: all but the kernels can be tried out without one.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from lossspec.manager.record import recorders

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "LOSSSPEC_BENCH_DEVICE"


def devices() -> list[torch.device]:
    """Return the devices to measure; those that are asked for must be there."""
    asked = os.environ.get(VARIABLE)
    if asked is None:
        asked = "cpu,cuda" if torch.cuda.is_available() else "cpu"
    found = [torch.device(name.strip()) for name in asked.split(",")]
    for place, device in enumerate(found):
        if device.type != "cuda":
            continue
        found[place] = torch.device("cuda", device.index or 0)
        if found[place].index >= torch.cuda.device_count():
            raise SystemExit(
                f"{VARIABLE} asks for {device}, but torch sees {torch.cuda.device_count()} CUDA devices"
            )
    return found


def use(device: torch.device, threads: int) -> None:
    """Make this the device of the process, and set the number of its threads."""
    torch.set_num_threads(threads)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if device.type == "meta":
        recorders.to_host = lambda values: [0.0] * values.numel()  # there is nothing to read


def wait(device: torch.device) -> Callable[[], object] | None:
    """Return what waits until a device has done all its work; None if it has when a call returns."""
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    return None


def clock(device: torch.device, threads: int = 1) -> Callable[[], float]:
    """Return the clock for work on a device.

    One thread on the CPU is measured in its own time, without that of other processes. Waiting for another
    device takes time of the wall, and may take none of the thread.
    """
    return time.thread_time if device.type != "cuda" and threads == 1 else time.perf_counter


def check(found: torch.Tensor, expected: torch.Tensor, rtol: float) -> None:
    """Check that both sides of a comparison compute the same; a GPU convolves in TF32 by default."""
    torch.testing.assert_close(found, expected, rtol=rtol if found.is_cpu else 1e-2, atol=0)


def label(device: torch.device) -> str:
    """Name a device as tables do: ``[cpu: 8 x AMD EPYC]``, ``[cuda: NVIDIA H100]``."""
    if device.type == "cuda":
        return f"[{device if device.index else 'cuda'}: {torch.cuda.get_device_name(device)}]"
    return f"[{device}: {processor()}]" if device.type == "cpu" else f"[{device}: no values]"


def heading(device: torch.device, threads: int) -> str:
    """Say what gave the numbers of a table: the device, the versions, the threads of the host."""
    cuda = f", CUDA {torch.version.cuda} on {processor()}" if device.type == "cuda" else ""
    return f"{label(device)} torch {torch.__version__}{cuda}, {threads} thread(s)"


def processor() -> str:
    """Name the processors of this machine."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    return f"{os.cpu_count()} x {names[0].split(':')[1].strip() if names else platform.processor()}"
