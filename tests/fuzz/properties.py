"""Runs the tests that are properties with new examples, seed after seed, until the time is over."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Examples of each property in a round; a round ends early when the time is over.
EXAMPLES = 200


def tried(seed: str, seconds: float, kept: Path) -> tuple[int, int]:
    """Run rounds of all properties; return how many examples were tried, and how many tests failed.

    hypothesis keeps what fails in ``.hypothesis``, and tries it first the next time.
    """
    until, examples, failed = time.monotonic() + seconds, 0, 0
    number = int.from_bytes(seed.encode()[-6:], "big")
    while (left := until - time.monotonic()) > 1:
        command = [sys.executable, "-m", "pytest", "-m", "hypothesis", "--hypothesis-profile", "fuzz", "-q"]
        command += ["--hypothesis-seed", str(number), "--hypothesis-show-statistics", "-p", "no:randomly"]
        command += ["-p", "tests.fuzz.deadline", "tests"]
        environment = {**os.environ, "LOSSSPEC_EXAMPLES": str(EXAMPLES), "LOSSSPEC_FUZZ_SECONDS": str(left)}
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        examples += sum(map(int, re.findall(r"- (\d+) passing, ", ran.stdout)))
        failures = re.findall(r"^(?:FAILED|ERROR) ", ran.stdout, re.MULTILINE)
        failed += len(failures)
        if failures or ran.returncode not in {0, 1, 2}:
            kept.mkdir(parents=True, exist_ok=True)
            told = kept / f"{number}.txt"
            shown = re.sub(r"=+ Hypothesis Statistics.*?(?==+ short test)", "", ran.stdout, flags=re.DOTALL)
            again = f"python -m {' '.join(command[2:])}"
            told.write_text(f"{again}\n\n{shown}{ran.stderr}", encoding="utf-8")
            print(f"properties: {len(failures)} failed, see {told}", flush=True)
        number += 1
    return examples, failed
