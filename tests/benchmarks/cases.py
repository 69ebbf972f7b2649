"""What the benchmarks of the manager compare, on any device: code that uses it, and the same by hand."""

from __future__ import annotations

import tempfile
import time
from statistics import median
from typing import TYPE_CHECKING

import torch
from tests.benchmarks.plain import PlainLaplacian, PlainSobel
from torch import Tensor, nn
from torchmetrics import MeanMetric

from lossspec import LossManager, schedules, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHAPE = (1, 3, 256, 256)


def tensors(device: torch.device) -> dict[str, Tensor]:
    """Return what objective G takes: images and the logits of a PatchGAN."""
    torch.manual_seed(0)
    return {
        "y_fake": torch.rand(SHAPE, device=device, requires_grad=True),
        "y": torch.rand(SHAPE, device=device),
        "pred_fake": torch.randn(1, 1, 30, 30, device=device, requires_grad=True),
    }


def forward_l1(
    device: torch.device, shape: tuple[int, ...]
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the manager's L1 and the hand-written one."""
    x, y, l1, w = (
        torch.rand(shape, device=device, requires_grad=True),
        torch.rand(shape, device=device),
        nn.L1Loss(),
        100.0,
    )
    manager = LossManager(device=device)
    manager.register_loss_fn("l1", nn.L1Loss(), loss_weight=w)
    return (lambda: manager.compute_loss_xy("l1", x, y)), (lambda: w * l1(x, y))


def five_terms(
    device: torch.device,
) -> tuple[Callable[[], Tensor], Callable[[], Tensor], Callable[[], Tensor], Tensor]:
    """Return an objective of five one-element terms, their sum by hand, the same with `.item()`, and x."""
    x, y = torch.rand(1, device=device, requires_grad=True), torch.rand(1, device=device)
    modules = [nn.L1Loss(), nn.MSELoss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.L1Loss()]
    weights = [100.0, 10.0, 3.0, 2.0, 0.5]
    types = ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "L1Loss"]
    losses = {
        f"l{index}": {"type": f"torch.{name}", "inputs": ["x", "y"], "weight": weight}
        for index, (name, weight) in enumerate(zip(types, weights, strict=True))
    }
    objective = LossManager.from_spec(spec(lambda: {"losses": losses}), device=device).objective()
    l0, l1, l2, l3, l4 = modules

    def by_hand() -> Tensor:
        return 100.0 * l0(x, y) + 10.0 * l1(x, y) + 3.0 * l2(x, y) + 2.0 * l3(x, y) + 0.5 * l4(x, y)

    def with_item() -> Tensor:
        r0, r1, r2, r3, r4 = [each(x, y) for each in modules]
        for each in (r0, r1, r2, r3, r4):
            each.item()
        return 100.0 * r0 + 10.0 * r1 + 3.0 * r2 + 2.0 * r3 + 0.5 * r4

    torch.testing.assert_close(objective(x=x, y=y), by_hand())
    return (lambda: objective(x=x, y=y)), by_hand, with_item, x


def terms(modules: Sequence[nn.Module], found: dict[str, Tensor]) -> list[Tensor]:
    """Return the raw terms of objective G, as one writes them."""
    gan, l1, l2, sobel, laplacian = modules
    p, x, y = found["pred_fake"], found["y_fake"], found["y"]
    return [gan(p, torch.ones_like(p)), l1(x, y), l2(x, y), sobel(x, y), laplacian(x, y)]


def total(found: list[Tensor]) -> Tensor:
    """Return their weighted sum."""
    gan, l1, l2, sobel, laplacian = found
    return gan + 100.0 * l1 + 10.0 * l2 + 10.0 * sobel + 10.0 * laplacian


def step(inputs: dict[str, Tensor], forward: Callable[[], Tensor]) -> Callable[[], None]:
    """Return one forward and backward from fresh gradients."""

    def run() -> None:
        inputs["y_fake"].grad = inputs["pred_fake"].grad = None
        forward().backward()

    return run


def objectives(inputs: dict[str, Tensor], folder: str) -> dict[str, Callable[[], None]]:
    """Return the steps that are compared, by name."""
    device = inputs["y"].device
    manager = LossManager.from_spec("pix2pix+extended", device=device)
    objective = manager.objective("G")
    logging = LossManager.from_spec("pix2pix+extended", device=device, experiment_dir=folder)
    logged, of_log = logging.objective("G"), step(inputs, lambda: logged(**inputs))
    losses = manager.get_registered_losses(strip=False)
    modules = [losses[name].function for name in ("G_GAN", "G_L1", "G_L2", "G_SOBEL", "G_LAP")]
    plain = [*modules[:3], PlainSobel().to(device), PlainLaplacian().to(device)]
    torch.testing.assert_close(objective(**inputs), total(terms(modules, inputs)), rtol=1e-6, atol=0)
    torch.testing.assert_close(objective(**inputs), total(terms(plain, inputs)), rtol=1e-5, atol=0)

    def run_logged() -> None:
        of_log()
        logging.step()

    def with_item() -> Tensor:
        found = terms(modules, inputs)
        for each in found:
            each.item()
        return total(found)

    metrics = [MeanMetric().to(device) for _ in range(5)]

    def with_metrics() -> Tensor:
        found = terms(modules, inputs)
        for metric, each in zip(metrics, found, strict=True):
            metric.update(each.detach())
        return total(found)

    return {
        "ours": step(inputs, lambda: objective(**inputs)),
        "logged": run_logged,
        "hand": step(inputs, lambda: total(terms(modules, inputs))),
        "plain": step(inputs, lambda: total(terms(plain, inputs))),
        "item": step(inputs, with_item),
        "metrics": step(inputs, with_metrics),
    }


def compiled_objective(inputs: dict[str, Tensor]) -> Callable[[], None]:
    """Return the step of a compiled objective."""
    device = inputs["y"].device
    objective = LossManager.from_spec("pix2pix+extended", device=device).objective("G")
    compiled = torch.compile(objective, fullgraph=True)
    torch.testing.assert_close(compiled(**inputs), objective(**inputs), rtol=1e-5, atol=0)
    return step(inputs, lambda: compiled(**inputs))


def scheduled() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a step that moves 1,000 weights, and the loop that evaluates their schedules by hand."""
    manager = LossManager()
    found = {
        f"a{i}": schedules.linear(start=0, end=10_000, start_value=0.0, end_value=i, unit="step")
        for i in range(1000)
    }
    for name, schedule in found.items():
        manager.register_loss_fn(name, nn.L1Loss(), schedule=schedule)
    return manager.step, lambda: {name: schedule(57) for name, schedule in found.items()}


def flushes() -> tuple[float, float]:
    """Record 10 million values, flush every 10,000; return the ratio of the last to the first, and noise."""
    value, size, chunks = torch.tensor(0.123456), 10_000, 1000
    with tempfile.TemporaryDirectory() as folder, LossManager(experiment_dir=folder) as manager:
        manager.register_loss_fn("a", nn.L1Loss())
        loss, record = manager.get_registered_losses(strip=False)["a"], manager._recorders.host.record
        seconds = []
        for _ in range(chunks):
            for _ in range(size):
                record(loss, value, 1, 1.0)
            start = time.perf_counter()
            manager.update_loss_log()
            seconds.append(time.perf_counter() - start)
    first, second, last = (median(part) for part in (seconds[1:21], seconds[21:41], seconds[-20:]))
    return last / first, second / first
