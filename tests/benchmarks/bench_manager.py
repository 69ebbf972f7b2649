"""The manager against hand-written code: what weighing, recording and logging cost, on each device.

Each comparison is paired and interleaved in one process; several processes are asked, and the median of
their medians counts. The hand-written side against itself stands beside it: that alone moves by per cents.
The goals are those of a CPU. ``bench_operations`` counts what a device has to do, with goals everywhere.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch
from tests.benchmarks import cases, devices, paired

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESSES = int(os.environ.get("LOSSSPEC_BENCH_PROCESSES", "5"))
THREADS = int(os.environ.get("LOSSSPEC_BENCH_THREADS", "1"))
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
    "item": ("the sum of the same modules, .item() of each term / not logged", None),
    "metrics": ("the sum of the same modules, torchmetrics.MeanMetric of each term / not logged", None),
    "schedules": ("step() with 1,000 weight schedules / evaluating them into a dict of weights", 1.3),
    "flush": ("flushing the last 10,000 of 10 million values / the first 10,000", 1.2),
}


#: What needs no device, and is measured on the CPU alone.
ON_HOST = frozenset({"schedules", "flush"})
#: What cannot be done on the meta device, which has no values and compiles nothing.
WITH_VALUES = frozenset({"five_item", "item", "metrics", "same_compiled", "plain_compiled"})

#: A ratio, that of the hand-written side to itself, and the ratio of the time on the host.
Found = tuple[float, float, float]


def measured(device: torch.device) -> list[str]:
    """Return the lines of the table of a device."""
    left_out = {"cpu": frozenset[str](), "meta": ON_HOST | WITH_VALUES}.get(device.type, ON_HOST)
    return [name for name in GOALS if name not in left_out]


def page_faults(sides: dict[str, Callable[[], object]], rounds: int = 10) -> dict[str, float]:
    """Return the minor page faults of a step of each side, in interleaved rounds of steps.

    glibc gives large temporaries back to the system at times. Whether it does depends on what the steps
    before have left in memory, so the sides take turns.
    """
    counts = dict.fromkeys(sides, 0)
    for _ in range(rounds):
        for name, run in sides.items():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            for _ in range(STEPS):
                run()
            counts[name] += resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    return {name: count / (rounds * STEPS) for name, count in counts.items()}


def measure(device: torch.device) -> dict[str, dict[str, object]]:
    """Return, for each line, what was found; and the page faults of a step, by what makes them."""
    devices.use(device, THREADS)
    lines = measured(device)
    many, steps_a_round = (10, 1) if device.type == "meta" else (500, STEPS)  # it infers shapes in Python
    timed = partial(paired.ratio, clock=devices.clock(device, THREADS), wait=devices.wait(device))
    found: dict[str, object] = {}
    faults: dict[str, float] = {}

    def compare(name: str, ours: Callable[[], object], hand: Callable[[], object], **size: int) -> None:
        if name in lines:
            ratio = timed(ours, hand, **size)
            found[name] = ratio.median, again.median, ratio.host

    for name, shape, number in (("l1_image", cases.SHAPE, 20), ("l1_scalar", (1,), 500)):
        ours, hand = cases.forward_l1(device, shape)
        if name == "l1_image":
            faults |= page_faults({"L1, manager": ours, "L1, by hand": hand})
        again = timed(hand, cases.forward_l1(device, shape)[1], rounds=41, number=number)
        compare(name, ours, hand, rounds=101, number=number)
    with tempfile.TemporaryDirectory() as folder:
        forwards, inputs = cases.five_terms(device, folder)
        ours, hand, with_item = (forwards[name] for name in ("ours", "hand", "item"))
        again = timed(hand, hand, rounds=41, number=many)
        compare("five", ours, hand, rounds=101, number=many)
        backward = partial(cases.step, inputs)
        compare("five_backward", backward(ours), backward(hand), rounds=101, number=many)
        compare("five_item", with_item, hand, rounds=41, number=many)
    with tempfile.TemporaryDirectory() as folder:
        inputs = cases.tensors(device)
        steps = {
            name: cases.step(inputs, forward) for name, forward in cases.objective_g(inputs, folder).items()
        }
        sides = {"ours": "manager", "hand": "by hand", "plain": "plain losses", "logged": "with a log"}
        faults |= page_faults({f"G, {text}": steps[name] for name, text in sides.items()})
        size = {"rounds": ROUNDS, "number": steps_a_round}
        fewer = {
            "rounds": ROUNDS // 2,
            "number": (steps_a_round + 1) // 2,
        }  # of the plain losses, which take long
        noise = timed(steps["hand"], steps["hand"], **size)
        plain = timed(steps["plain"], steps["plain"], **fewer)
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
            if one == "compiled" and one not in steps and name in lines:
                steps[one] = cases.step(inputs, cases.compiled_objective(inputs))
                faults |= page_faults({"G, manager, compiled": steps[one]})
            again = noise if other == "hand" else plain
            if name in lines:
                compare(name, steps[one], steps[other], **(size if other == "hand" else fewer))
    if "schedules" in lines:
        ours, hand = cases.scheduled()
        again = timed(hand, hand, 41, 20)
        compare("schedules", ours, hand, rounds=41, number=20)
    if "flush" in lines and os.environ.get("LOSSSPEC_BENCH_FLUSH") != "0":
        last, second = cases.flushes()
        found["flush"] = last, second, last
    return {"ratios": found, "faults": {**faults}}


def main() -> bool:
    """Print the table of each device; True if each ratio is within its goal."""
    met = [table(device) for device in devices.devices()]
    return all(met)


def table(device: torch.device) -> bool:
    """Ask several processes, print the table of a device; True if each ratio is within its goal."""
    results = []
    for number in range(PROCESSES):
        environment = {**os.environ, "LOSSSPEC_BENCH_FLUSH": "1" if number == 0 else "0"}
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.bench_manager", "--measure", str(device)],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        results.append(json.loads(done.stdout))
    has_goals = device.type == "cpu"
    print(f"{devices.heading(device, THREADS)}, {PROCESSES} processes")
    print("ratio, goal, and the hand-written side against itself: medians of interleaved rounds")
    if not has_goals:
        print(
            "host: the ratio of the time until the calls return; the first ratio is until the device is done"
        )
    good = True
    for name in measured(device):
        text, goal = GOALS[name]
        found = [each["ratios"][name] for each in results if name in each["ratios"]]
        value, noise, host = (median(column) for column in zip(*found, strict=True))
        is_good = goal is None or not has_goals or value <= goal
        good &= is_good
        bound = f"<= {goal:.2f}" if goal is not None and has_goals else "shown"
        beside = "" if has_goals else f"host {host:6.3f}  "
        print(
            f"  {value:6.3f}  {bound:7}  ({noise:.3f})  {beside}{text}{'' if is_good else '  over the goal'}"
        )
    if has_goals:
        print("minor page faults a step: glibc gives large temporaries back to the system in some orders")
        for name in results[0]["faults"]:
            print(f"  {median(each['faults'][name] for each in results):6.1f}  {name}")
    return good


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure(torch.device(sys.argv[-1]))))
    else:
        raise SystemExit(0 if main() else 1)
