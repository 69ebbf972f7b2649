"""The manager against hand-written code: what weighing, recording and logging cost.

Each comparison is paired and interleaved in one process; several processes are asked, and the median of
their medians counts. The hand-written side against itself stands beside it: that alone moves by per cents.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch
from tests.benchmarks import paired
from tests.benchmarks.plain import PlainLaplacian, PlainSobel
from torch import Tensor, nn
from torchmetrics import MeanMetric

from lossspec import LossManager, schedules, spec

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESSES = int(os.environ.get("LOSSSPEC_BENCH_PROCESSES", "5"))
THREADS = int(os.environ.get("LOSSSPEC_BENCH_THREADS", "1"))
SHAPE = (1, 3, 256, 256)
#: A training loop repeats one step, and the memory that a step frees is what the next one finds: so a round
#: is several steps of one side.
ROUNDS, STEPS = 21, 10
#: What is measured: the text of its line, and the most that its ratio may be, or None if it is only shown.
GOALS: dict[str, tuple[str, float | None]] = {
    "l1_image": ("compute_loss_xy, L1 forward, 1x3x256x256 / w * l1(x, y)", 1.04),
    "l1_scalar": ("compute_loss_xy, L1 forward, one element / w * l1(x, y)", 1.1),
    "five": ("objective of five one-element terms, forward, every value read / the bare sum", 0.85),
    "five_backward": ("the same, forward and backward / the bare sum", 0.9),
    "five_item": ("the bare sum, .item() of each term, forward / the bare sum", None),
    "same": ("objective G of pix2pix+extended, forward and backward / the sum of the same modules", 1.0),
    "same_compiled": ("the same, compiled / the same sum, eager", 0.45),
    "plain": ("the same, eager / the sum with plain Sobel and Laplacian", 0.3),
    "plain_compiled": ("the same, compiled / the sum with plain Sobel and Laplacian", 0.25),
    "logged": ("the same, eager, step() and a log / the sum of the same modules, not logged", 1.01),
    "faults": ("page faults a step of objective G, eager / of the sum of the same modules", None),
    "item": ("the sum of the same modules, .item() of each term / not logged", None),
    "metrics": ("the sum of the same modules, torchmetrics.MeanMetric of each term / not logged", None),
    "schedules": ("step() with 1,000 weight schedules / evaluating them into a dict of weights", 1.3),
    "flush": ("flushing the last 10,000 of 10 million values / the first 10,000", 1.2),
}


def ratio(a: Callable[[], object], b: Callable[[], object], rounds: int, number: int) -> float:
    """Return the median ratio of the time of ``a`` to that of ``b``."""
    clock = time.thread_time if THREADS == 1 else time.perf_counter
    return paired.ratio(a, b, rounds, number, clock).median


def tensors() -> dict[str, Tensor]:
    """Return what objective G takes: images and the logits of a PatchGAN."""
    torch.manual_seed(0)
    return {
        "y_fake": torch.rand(SHAPE, requires_grad=True),
        "y": torch.rand(SHAPE),
        "pred_fake": torch.randn(1, 1, 30, 30, requires_grad=True),
    }


def forward_l1(shape: tuple[int, ...]) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the manager's L1 and the hand-written one."""
    x, y, l1, w = torch.rand(shape, requires_grad=True), torch.rand(shape), nn.L1Loss(), 100.0
    manager = LossManager()
    manager.register_loss_fn("l1", nn.L1Loss(), loss_weight=w)
    return (lambda: manager.compute_loss_xy("l1", x, y)), (lambda: w * l1(x, y))


def five_terms() -> tuple[Callable[[], Tensor], Callable[[], Tensor], Callable[[], Tensor], Tensor]:
    """Return an objective of five one-element terms, their sum by hand, the same with `.item()`, and x."""
    x, y = torch.rand(1, requires_grad=True), torch.rand(1)
    modules = [nn.L1Loss(), nn.MSELoss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.L1Loss()]
    weights = [100.0, 10.0, 3.0, 2.0, 0.5]
    types = ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "L1Loss"]
    losses = {
        f"l{index}": {"type": f"torch.{name}", "inputs": ["x", "y"], "weight": weight}
        for index, (name, weight) in enumerate(zip(types, weights, strict=True))
    }
    objective = LossManager.from_spec(spec(lambda: {"losses": losses})).objective()
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


def page_faults(run: Callable[[], None], steps: int = 50) -> float:
    """Return the page faults of a step: glibc gives large temporaries back to the system in some orders."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        run()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / steps


def terms(sobel: nn.Module, laplacian: nn.Module, found: dict[str, Tensor]) -> list[Tensor]:
    """Return the raw terms of objective G, as one writes them."""
    f, p, x, y = nn.functional, found["pred_fake"], found["y_fake"], found["y"]
    adversarial = f.binary_cross_entropy_with_logits(p, torch.ones_like(p))
    return [adversarial, f.l1_loss(x, y), f.mse_loss(x, y), sobel(x, y), laplacian(x, y)]


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
    manager = LossManager.from_spec("pix2pix+extended")
    objective = manager.objective("G")
    logging = LossManager.from_spec("pix2pix+extended", experiment_dir=folder)
    logged, of_log = logging.objective("G"), step(inputs, lambda: logged(**inputs))
    modules = [manager.get_registered_losses(strip=False)[name].function for name in ("G_SOBEL", "G_LAP")]
    plain = [PlainSobel(), PlainLaplacian()]
    torch.testing.assert_close(objective(**inputs), total(terms(*modules, inputs)), rtol=1e-6, atol=0)
    torch.testing.assert_close(objective(**inputs), total(terms(*plain, inputs)), rtol=1e-5, atol=0)

    def run_logged() -> None:
        of_log()
        logging.step()

    def with_item() -> Tensor:
        found = terms(*modules, inputs)
        for each in found:
            each.item()
        return total(found)

    metrics = [MeanMetric() for _ in range(5)]

    def with_metrics() -> Tensor:
        found = terms(*modules, inputs)
        for metric, each in zip(metrics, found, strict=True):
            metric.update(each.detach())
        return total(found)

    return {
        "ours": step(inputs, lambda: objective(**inputs)),
        "logged": run_logged,
        "hand": step(inputs, lambda: total(terms(*modules, inputs))),
        "plain": step(inputs, lambda: total(terms(*plain, inputs))),
        "item": step(inputs, with_item),
        "metrics": step(inputs, with_metrics),
    }


def compiled_objective(inputs: dict[str, Tensor]) -> Callable[[], None]:
    """Return the step of a compiled objective."""
    objective = LossManager.from_spec("pix2pix+extended").objective("G")
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


def measure() -> dict[str, tuple[float, float]]:
    """Return, for each line, the ratio and that of the hand-written side to itself."""
    torch.set_num_threads(THREADS)
    found: dict[str, tuple[float, float]] = {}
    for name, shape, number in (("l1_image", SHAPE, 20), ("l1_scalar", (1,), 500)):
        ours, hand = forward_l1(shape)
        again = ratio(hand, forward_l1(shape)[1], rounds=41, number=number)
        found[name] = ratio(ours, hand, rounds=101, number=number), again
    ours_of_five, by_hand, with_item, x = five_terms()
    again = ratio(by_hand, by_hand, rounds=41, number=500)

    def backward(forward: Callable[[], Tensor]) -> Callable[[], None]:
        def run() -> None:
            x.grad = None
            forward().backward()

        return run

    found["five"] = ratio(ours_of_five, by_hand, rounds=101, number=500), again
    found["five_backward"] = ratio(backward(ours_of_five), backward(by_hand), rounds=101, number=500), again
    found["five_item"] = ratio(with_item, by_hand, rounds=41, number=500), again
    with tempfile.TemporaryDirectory() as folder:
        inputs = tensors()
        steps = objectives(inputs, folder)
        ours, hand = page_faults(steps["ours"]), page_faults(steps["hand"])
        found["faults"] = (ours + 1) / (hand + 1), (page_faults(steps["hand"]) + 1) / (hand + 1)
        noise = ratio(steps["hand"], steps["hand"], ROUNDS, STEPS)
        plain = ratio(steps["plain"], steps["plain"], ROUNDS // 2, STEPS)
        for name, (one, other) in {
            "same": ("ours", "hand"),
            "plain": ("ours", "plain"),
            "logged": ("logged", "hand"),
            "item": ("item", "hand"),
            "metrics": ("metrics", "hand"),
            # last: whoever trains eagerly has compiled nothing, and in a process that has, more was seen
            "same_compiled": ("compiled", "hand"),
            "plain_compiled": ("compiled", "plain"),
        }.items():
            if one == "compiled" and one not in steps:
                steps[one] = compiled_objective(inputs)
            again = noise if other == "hand" else plain
            found[name] = ratio(steps[one], steps[other], ROUNDS, STEPS), again
    steps_of_manager, by_hand = scheduled()
    found["schedules"] = ratio(steps_of_manager, by_hand, 41, 20), ratio(by_hand, by_hand, 41, 20)
    if os.environ.get("LOSSSPEC_BENCH_FLUSH") != "0":
        found["flush"] = flushes()
    return found


def main() -> bool:
    """Ask several processes, print the table, and say whether each ratio is within its goal."""
    results = []
    for number in range(PROCESSES):
        environment = {**os.environ, "LOSSSPEC_BENCH_FLUSH": "1" if number == 0 else "0"}
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.bench_manager", "--measure"],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        results.append(json.loads(done.stdout))
    print(f"{PROCESSES} processes, {THREADS} thread(s), {processor()}, torch {torch.__version__}")
    print("ratio, goal, and the hand-written side against itself: medians of interleaved rounds")
    good = True
    for name, (text, goal) in GOALS.items():
        found = [each[name] for each in results if name in each]
        value, noise = median(each[0] for each in found), median(each[1] for each in found)
        good &= goal is None or value <= goal
        bound = f"<= {goal:.2f}" if goal is not None else "shown"
        verdict = "" if goal is None or value <= goal else "  over the goal"
        print(f"  {value:6.3f}  {bound:7}  ({noise:.3f})  {text}{verdict}")
    return good


def processor() -> str:
    """Name the machine."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    return f"{os.cpu_count()} x {names[0].split(':')[1].strip() if names else platform.processor()}"


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure()))
    else:
        raise SystemExit(0 if main() else 1)
