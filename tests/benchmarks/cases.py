"""What the benchmarks of the manager compare, on any device: code that uses it, and the same by hand."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING

import torch
from tests.benchmarks import devices
from tests.benchmarks.plain import PlainLaplacian, PlainSobel
from torch import Tensor, nn
from torchmetrics import MeanMetric

from lossspec import LossManager, schedules, spec

if TYPE_CHECKING:
    from lossspec.language.model import Spec

#: Returns the total; or, of the losses alone, their raw values.
Forward = Callable[[], "Tensor | list[Tensor]"]

SHAPE = (1, 3, 256, 256)
#: A weight that moves at each step.
RAMP = {"type": "linear", "unit": "step", "start": 0, "end": 10**9, "start_value": 1.0, "end_value": 2.0}


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
) -> tuple[Callable[[], Tensor], Callable[[], Tensor]]:
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


def five_terms(device: torch.device, folder: str) -> tuple[dict[str, Forward], dict[str, Tensor]]:
    """Return the forwards of five one-element terms, by name, and what they take."""
    inputs = {"x": torch.rand(1, device=device, requires_grad=True), "y": torch.rand(1, device=device)}
    x, y = inputs["x"], inputs["y"]
    modules = [nn.L1Loss(), nn.MSELoss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.L1Loss()]
    weights = [100.0, 10.0, 3.0, 2.0, 0.5]
    types = ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "L1Loss"]
    losses = {
        f"l{index}": {"type": f"torch.{name}", "inputs": ["x", "y"], "weight": weight}
        for index, (name, weight) in enumerate(zip(types, weights, strict=True))
    }
    l0, l1, l2, l3, l4 = modules

    def by_hand() -> Tensor:
        return 100.0 * l0(x, y) + 10.0 * l1(x, y) + 3.0 * l2(x, y) + 2.0 * l3(x, y) + 0.5 * l4(x, y)

    def with_item() -> Tensor:
        r0, r1, r2, r3, r4 = [each(x, y) for each in modules]
        for each in (r0, r1, r2, r3, r4):
            each.item()
        return 100.0 * r0 + 10.0 * r1 + 3.0 * r2 + 2.0 * r3 + 0.5 * r4

    given = spec(lambda: {"losses": losses})
    of_managers = managed(given, "total", {"l0": {"weight": RAMP}}, inputs, folder)
    devices.check(of_managers["ours"](), by_hand(), 1e-6)
    alone = {"alone": lambda: [each(x, y) for each in modules]}
    return {**alone, "hand": by_hand, "item": with_item, **of_managers}, inputs


def managed(
    given: Spec | str, name: str, moving: dict[str, object], inputs: dict[str, Tensor], folder: str
) -> dict[str, Forward]:
    """Return the forwards of an objective: as it is, with a weight that moves each step, and with a log."""
    device = inputs["y"].device
    ours = LossManager.from_spec(given, device=device).objective(name)
    moves = LossManager.from_spec(given, overlay={"losses": moving}, device=device)
    logs = LossManager.from_spec(given, device=device, experiment_dir=folder)
    moved, logged = moves.objective(name), logs.objective(name)

    def run_moved() -> Tensor:
        moves.step()
        return moved(**inputs)

    def run_logged() -> Tensor:
        logs.step()  # of the step before, in a training loop
        return logged(**inputs)

    return {"ours": lambda: ours(**inputs), "moved": run_moved, "logged": run_logged}


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
    leaves = [each for each in inputs.values() if each.requires_grad]

    def run() -> None:
        for each in leaves:
            each.grad = None
        forward().backward()

    return run


def objective_g(inputs: dict[str, Tensor], folder: str) -> dict[str, Forward]:
    """Return the forwards of objective G of pix2pix+extended that are compared, by name."""
    device = inputs["y"].device
    of_managers = managed("pix2pix+extended", "G", {"G_GAN": {"weight": RAMP}}, inputs, folder)
    found = LossManager.from_spec("pix2pix+extended", device=device).get_registered_losses(strip=False)
    modules = [found[name].function for name in ("G_GAN", "G_L1", "G_L2", "G_SOBEL", "G_LAP")]
    plain = [*modules[:3], PlainSobel().to(device), PlainLaplacian().to(device)]
    devices.check(of_managers["ours"](), total(terms(modules, inputs)), 1e-6)
    devices.check(of_managers["ours"](), total(terms(plain, inputs)), 1e-5)

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
        "alone": lambda: terms(modules, inputs),
        "hand": lambda: total(terms(modules, inputs)),
        "plain": lambda: total(terms(plain, inputs)),
        "item": with_item,
        "metrics": with_metrics,
        **of_managers,
    }


def compiled_objective(inputs: dict[str, Tensor]) -> Callable[[], Tensor]:
    """Return the forward of objective G, compiled."""
    device = inputs["y"].device
    objective = LossManager.from_spec("pix2pix+extended", device=device).objective("G")
    compiled = torch.compile(objective, fullgraph=True)
    devices.check(compiled(**inputs), objective(**inputs), 1e-5)
    return lambda: compiled(**inputs)


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
