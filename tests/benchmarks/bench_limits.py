"""Seconds and memory of every command on the worst files, beyond those of a two-line spec."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.limits import worst
from tests.limits.cost import COMMANDS, invoke

SECONDS = 1.0
MEGABYTES = 200.0
ROOT = Path(__file__).parents[2]


def main() -> bool:
    """Print the worst command of every file, and say whether each is within the goals."""
    print(
        f"The worst command of each file, in processor time (goals: {SECONDS:g} s and {MEGABYTES:g} MB more)"
    )
    good = True
    for group in (*(each.__name__ for each in worst.RIGHT), "wrong"):
        command = [sys.executable, "-m", "tests.benchmarks.bench_limits", group]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        for name, found in json.loads(ran.stdout).items():
            slowest, (seconds, _) = max(found.items(), key=lambda each: each[1][0])
            largest, (_, megabytes) = max(found.items(), key=lambda each: each[1][1])
            is_good = seconds <= SECONDS and megabytes <= MEGABYTES
            good &= is_good
            verdict = "" if is_good else "  over the goal"
            label = f"{group}: {name}"
            print(
                f"  {label:42}{seconds:6.2f} s {slowest:23}{megabytes:5.0f} MB {largest:23}{verdict}".rstrip()
            )
    return good


def measure(group: str) -> None:
    """Print, as JSON, the seconds and megabytes of each command with each file of a group."""
    texts = getattr(worst, group)(worst.Filler(1))
    wanted = ["validate"] if group == "wrong" else [*COMMANDS]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("least.loss.toml").write_text(worst.LEAST, encoding="utf-8")
        for command in wanted:
            invoke(command, "least.loss.toml")  # imports what it needs
        least = {command: once(command, "least.loss.toml") for command in wanted}
        found: dict[str, dict[str, tuple[float, float]]] = {}
        for name, text in texts.items():
            Path("worst.loss.toml").write_text(text, encoding="utf-8")
            found[name] = {}
            for command in wanted:
                seconds, megabytes = once(command, "worst.loss.toml")
                found[name][command] = (seconds - least[command][0], megabytes - least[command][1])
        os.chdir("/")
    print(json.dumps(found))


def once(command: str, file: str) -> tuple[float, float]:
    """Return the processor time of a command, and how far the memory of this process rises above now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is that of now
    before, begin = resident("VmRSS"), time.process_time()
    invoke(command, file)
    return time.process_time() - begin, resident("VmHWM") - before


def resident(key: str) -> float:
    """Return a size of this process in megabytes."""
    found = re.search(rf"{key}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        raise SystemExit(0 if main() else 1)
