"""Our Sobel and Laplacian against the plain ones, forward and backward: at most 0.5 and 0.6 of their time.

The goals are those of a CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from tests.benchmarks import devices
from tests.benchmarks.paired import ratio
from tests.benchmarks.plain import PlainLaplacian, PlainSobel

from lossspec.losses import LaplacianLoss, SobelLoss

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

SHAPES = [(4, 3, 256, 256), (1, 3, 256, 256)]
ROWS: list[tuple[str, nn.Module, nn.Module, float]] = [
    ("Sobel", SobelLoss(), PlainSobel(), 0.5),
    ("Laplacian", LaplacianLoss(), PlainLaplacian(), 0.6),
]


def main() -> bool:
    """Print the ratios on each device, on the CPU for one thread and for all; True if all are good."""
    print("An edge loss of ours / the plain one (conv2d on both images), forward and backward")
    print("median of interleaved rounds, and the quarters around it")
    threads = torch.get_num_threads()
    met = []
    for device in devices.devices():
        for count in sorted({1, threads}) if device.type == "cpu" else [1]:
            devices.use(device, count)
            print(devices.heading(device, count))
            met += [row(device, shape, each) for shape in SHAPES for each in ROWS]
    torch.set_num_threads(threads)
    return all(met)


def row(device: torch.device, shape: tuple[int, ...], entry: tuple[str, nn.Module, nn.Module, float]) -> bool:
    """Print the line of a loss and a shape; True if its ratio is within its goal."""
    name, ours, plain, goal = entry
    torch.manual_seed(0)
    x, y = torch.rand(shape, device=device, requires_grad=True), torch.rand(shape, device=device)
    ours, plain, wait = ours.to(device), plain.to(device), devices.wait(device)
    devices.check(ours(x, y), plain(x, y), 1e-6)
    number = 1 if wait is None else 20  # so that a device is not waited for after each step
    found = ratio(step(ours, x, y), step(plain, x, y), number=number, wait=wait)
    noise = ratio(step(plain, x, y), step(plain, x, y), rounds=11, number=number, wait=wait)
    is_good = device.type != "cpu" or found.median <= goal
    bound = f"goal {goal}" if device.type == "cpu" else f"host {found.host:.2f}"
    size, verdict = "x".join(map(str, shape)), "" if is_good else "  over the goal"
    print(f"  {name:10}{size:14}{found}  {bound}  plain/plain {noise}{verdict}")
    return is_good


def step(loss: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    """Return one forward and backward pass, from a fresh gradient."""

    def run() -> None:
        x.grad = None
        loss(x, y).backward()

    return run


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
