"""What one call of an objective gives a device to do, beside the same by hand: the cost on a GPU is here.

Weighing and recording N terms takes at most 4 operations forward and N + 4 backward beyond the losses' own.
A hand-written sum takes 2N - 1 and about 2N. Where no CUDA device is measured, the meta device stands in.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import torch
from tests.benchmarks import cases, devices
from tests.benchmarks.counting import Count, forward_and_backward

if TYPE_CHECKING:
    from tests.benchmarks.cases import Forward

TERMS = 5
FORWARD, BACKWARD = 4, TERMS + 4
SIDES = {
    "alone": "the losses alone",
    "hand": "by hand",
    "item": "by hand, .item() of each term",
    "metrics": "by hand, torchmetrics.MeanMetric of each term",
    "plain": "by hand, with plain Sobel and Laplacian",
    "ours": "manager",
    "moved": "manager, step() moves a weight",
    "logged": "manager, step() and a log",
}


def main() -> bool:
    """Print the table of each device; True if weighing and recording is within its goals."""
    found = devices.devices()
    if all(device.type == "cpu" for device in found):
        found.append(torch.device("meta"))
    met = [table(device) for device in found]
    return all(met)


def table(device: torch.device) -> bool:
    """Print the table of a device."""
    devices.use(device, 1)
    print(devices.heading(device, 1))
    columns = (
        "operations, launches, waits of the host, us busy" if device.type == "cuda" else "operations, waits"
    )
    print(f"forward | backward, each: {columns}")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        five, _ = cases.five_terms(device, one)
        inputs = cases.tensors(device)
        images = cases.objective_g(inputs, other)
        x, y = inputs["y_fake"], inputs["y"]
        ours, hand = cases.forward_l1(device, cases.SHAPE)
        one_loss: dict[str, Forward] = {
            "alone": lambda: torch.nn.functional.l1_loss(x, y),
            "hand": hand,
            "ours": ours,
        }
        met = [
            part("compute_loss_xy, L1", device, one_loss),
            part("five one-element terms", device, five),
            part("objective G of pix2pix+extended, 1x3x256x256", device, images),
        ]
        if device.type == "cuda":  # elsewhere, a graph is one call or many, which tells nothing
            # last: in a process that has compiled one objective, each step() gives all of them their weights
            line("manager, compiled", cases.compiled_objective(inputs), device)
    return all(met)


def part(title: str, device: torch.device, forwards: dict[str, Forward]) -> bool:
    """Print the lines of a case; True if weighing and recording is within its goals."""
    print(f" {title}")
    found: dict[str, tuple[Count, Count]] = {}
    for name, text in SIDES.items():
        if name in forwards and not (device.type == "meta" and name in {"item", "metrics"}):
            found[name] = line(text, forwards[name], device)
    if "logged" not in found:
        return True
    more = {
        name: [
            side.operations - own.operations for side, own in zip(found[name], found["alone"], strict=True)
        ]
        for name in ("ours", "hand")
    }
    forward, backward = more["ours"]
    is_good = (
        forward <= FORWARD and backward <= BACKWARD and (device.type == "cpu" or no_wait(found["logged"]))
    )
    goals = f"{forward} forward (goal {FORWARD}), {backward} backward (goal {BACKWARD})"
    by_hand = "by hand {} and {}".format(*more["hand"])
    print(f"  weighing and recording: {goals}; {by_hand}{'' if is_good else '  over the goal'}")
    return is_good


def line(text: str, forward: Forward, device: torch.device) -> tuple[Count, Count]:
    """Print what a forward and its backward give a device to do, and return it."""
    found = forward_and_backward(forward, device)
    print(f"  {' | '.join(written(each, device) for each in found)}  {text}")
    return found


def no_wait(counts: tuple[Count, Count]) -> bool:
    """Return whether the host waited for nothing."""
    return not any(each.waits for each in counts)


def written(count: Count, device: torch.device) -> str:
    """Return the numbers of a line."""
    if device.type != "cuda":
        return f"{count.operations:4} {count.waits:2}"
    return f"{count.operations:4} {count.launches:4} {count.waits:2} {count.busy:6.0f}"


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
