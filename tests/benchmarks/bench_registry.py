"""Finding losses against importing attrs and jsonschema, and from_spec against importing torch."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median

from tests.benchmarks.paired import compile_package, ratio

STARTS = {
    "lossspec list losses": ["-m", "lossspec", "list", "losses"],
    "lossspec describe piq.SSIMLoss": ["-m", "lossspec", "describe", "piq.SSIMLoss"],
}
GOAL_START = 1.5  # times `python -c "import attrs, jsonschema"`
GOAL_FROM_SPEC = 0.1  # of the time that importing torch took in the same process
FROM_SPEC = """
import gc
from time import perf_counter
start = perf_counter()
import torch
torch_is_there = perf_counter()
gc.collect()  # a pass over torch's own objects comes due about now, whoever makes the next ones
begin = perf_counter()
from lossspec import LossManager
LossManager.from_spec("pix2pix+extended")
print((perf_counter() - begin) / (torch_is_there - start))
"""


def python(*args: str) -> str:
    """Run Python in a process of its own and return what it printed."""
    return subprocess.run([sys.executable, *args], check=True, capture_output=True, text=True).stdout


def main() -> bool:
    """Measure and print; True if every goal is met."""
    compile_package()
    met = []
    for name, command in STARTS.items():
        found = ratio(partial(python, *command), partial(python, "-c", "import attrs, jsonschema"), rounds=15)
        met.append(found.median <= GOAL_START)
        print(f"{name:<46} {found}   goal {GOAL_START}   {'met' if met[-1] else 'NOT MET'}")
    share = median(float(python("-c", FROM_SPEC)) for _ in range(7))
    met.append(share <= GOAL_FROM_SPEC)
    name = 'from_spec("pix2pix+extended") / import torch'
    print(f"{name:<46} {share:6.2f}   goal {GOAL_FROM_SPEC}   {'met' if met[-1] else 'NOT MET'}")
    return all(met)


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
