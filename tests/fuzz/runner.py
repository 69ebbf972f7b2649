"""Shares the time among the parts, each in processes of its own, and keeps what they find."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import define
from tests.fuzz import inputs, properties, worker

ROOT = Path(__file__).parents[2]
PARTS = sorted(path.stem for path in Path(__file__).with_name("parts").glob("*.py"))
PROPERTIES = "properties"
#: The reproducers of faults, git-ignored; those that are fixed move to the cases, which are committed.
KEPT = ROOT / ".fuzz"
CASES = Path(__file__).with_name("cases")


@define
class Row:
    """What came of a part."""

    part: str
    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    faults: int = 0


@define
class Run:
    """A run of the fuzzer.

    Attributes:
        seed: what makes it repeatable.
        kept: the folder of the reproducers.
        cases: the folder of those that are fixed.
        patience: the seconds after which an input that gives no answer is a fault, and ends its process.
    """

    seed: str
    kept: Path = KEPT
    cases: Path = CASES
    patience: float = 20

    def all(self, parts: list[str], seconds: float, jobs: int) -> list[Row]:
        """Run parts, some at a time; each has the same share of the seconds."""
        share = seconds * min(jobs, len(parts)) / len(parts)
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(lambda part: self.one(part, share), parts))

    def one(self, part: str, seconds: float) -> Row:
        """Run a part: first what it broke before, then new inputs for some seconds."""
        row, started = Row(part), time.monotonic()
        if part == PROPERTIES:
            row.inputs, row.faults = properties.tried(self.seed, seconds, self.kept / PROPERTIES)
        else:
            row.faults += self.again(part)
            until, first = started + seconds, 0
            while (left := until - time.monotonic()) > 0:
                first = self._work(row, first, left)
        row.seconds = time.monotonic() - started
        return row

    def again(self, part: str) -> int:
        """Try the kept inputs of a part; return how many are still wrong, and make cases of the others."""
        wrong = 0
        for path in sorted(each for each in (self.kept / part).glob("*") if each.is_dir()):
            if self.fault(part, path):
                print(f"{part}: {path} is still wrong, see {path}.txt", flush=True)
                wrong += 1
                continue
            case = self.cases / part / path.name
            case.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(case, ignore_errors=True)
            shutil.move(path, case)
            path.with_name(f"{path.name}.txt").unlink(missing_ok=True)
            print(f"{part}: {case} was a fault and is fixed: commit it", flush=True)
        return wrong

    def fault(self, part: str, path: Path) -> str:
        """Try one input in a process of its own; return what is wrong with it."""
        with tempfile.TemporaryDirectory() as work:
            ended = self._started(part, Path(work), 0, 1e9, "--only", str(path))
            told = Path(work) / worker.FAULT
            return told.read_text("utf-8") if told.exists() else ended

    def _work(self, row: Row, first: int, seconds: float) -> int:
        """Let a process try inputs; return the number of the input with which the next one goes on."""
        with tempfile.TemporaryDirectory() as work:
            ended = self._started(row.part, Path(work), first, seconds)
            path = Path(work) / worker.COUNTS
            counts = json.loads(path.read_text("utf-8")) if path.exists() else {"next": first}
            row.inputs += counts.get("inputs", 0)
            row.faults += counts.get("faults", 0)
            row.slowest = max(row.slowest, counts.get("slowest", 0.0))
            if not ended:
                return int(counts["next"])
            row.faults += 1
            current = Path(work) / worker.CURRENT
            if not current.exists():
                raise RuntimeError(f"the worker of `{row.part}` does not start:\n{ended}")
            origin = f"seed {self.seed}, an input after {counts['next']}"
            found = worker.keep(self.kept / row.part, inputs.read(current), ended, origin)
            print(f"{row.part}: the process ended, see {found}.txt", flush=True)
            return int(counts["next"]) + 1000  # the input is among those since the last count

    def _started(self, part: str, work: Path, first: int, seconds: float, *more: str) -> str:
        """Start a worker; return nothing if it ends as it should, or else what it says."""
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.worker",
            part,
            "--seed",
            self.seed,
            "--first",
            str(first),
        ]
        command += ["--seconds", str(seconds), "--work", str(work), "--kept", str(self.kept)]
        command += ["--patience", str(self.patience), *more]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        return "" if ran.returncode == 0 else f"exit code {ran.returncode}\n{ran.stderr[-8000:]}"


def table(rows: list[Row]) -> str:
    """Return the result of each part, and of all, as a table."""
    every = Row("all", *(sum(getattr(row, name) for row in rows) for name in ("inputs", "seconds")))
    every.slowest = max(row.slowest for row in rows)
    every.faults = sum(row.faults for row in rows)
    lines = [f"{'part':<14}{'inputs':>10}{'seconds':>9}{'slowest':>9}{'faults':>8}"]
    lines += [
        f"{row.part:<14}{row.inputs:>10,}{row.seconds:>9.0f}{row.slowest:>8.2f}s{row.faults:>8}"
        for row in [*rows, every]
    ]
    return "\n".join(lines)
