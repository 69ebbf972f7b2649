"""Our Sobel and Laplacian against the plain ones, forward and backward: at most 0.5 and 0.6 of their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
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
    """Print the ratios for one thread and for all, and say whether each is within its goal."""
    torch.manual_seed(0)
    print("An edge loss of ours / the plain one (conv2d on both images), forward and backward")
    print("median of interleaved rounds, and the quarters around it")
    threads = torch.get_num_threads()
    good = True
    for count in sorted({1, threads}):
        torch.set_num_threads(count)
        for shape in SHAPES:
            x, y = torch.rand(shape, requires_grad=True), torch.rand(shape)
            for name, ours, plain, goal in ROWS:
                torch.testing.assert_close(ours(x, y), plain(x, y), rtol=1e-6, atol=0)
                found = ratio(step(ours, x, y), step(plain, x, y))
                noise = ratio(step(plain, x, y), step(plain, x, y), rounds=11)
                good &= found.median <= goal
                size = "x".join(map(str, shape))
                verdict = "" if found.median <= goal else "  over the goal"
                print(
                    f"  {name:10}{size:14}{count} threads  {found}  goal {goal}  plain/plain {noise}{verdict}"
                )
    torch.set_num_threads(threads)
    return good


def step(loss: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    """Return one forward and backward pass, from a fresh gradient."""

    def run() -> None:
        x.grad = None
        loss(x, y).backward()

    return run


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
