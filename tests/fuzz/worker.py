"""Tries inputs of one part until its time is over: ``python -m tests.fuzz.worker``, started by the runner.

It writes each input into a folder before it tries it. If it hangs, it ends itself: the input is there.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path

from tests.fuzz import inputs
from tests.fuzz.faults import Fault, part, tried
from tests.fuzz.smaller import smaller

#: Seconds that making an input smaller may take.
CHEAP = 10
CURRENT = "current"
COUNTS = "counts.json"
FAULT = "fault.txt"


class Worker:
    """Tries inputs, and keeps the smallest of each kind of fault."""

    def __init__(self, name: str, work: Path, kept: Path, patience: float) -> None:
        self.name = name
        self.work = work
        self.kept = kept
        self.patience = patience
        self.scratch = Path(tempfile.mkdtemp(dir=work))
        self.inputs, self.slowest = 0, 0.0
        self.kinds: set[str] = set()
        self.faults = 0

    def fuzz(self, seed: str, first: int, until: float) -> None:
        """Try the inputs of a seed from a number on."""
        saved = 0.0
        for number in range(first, 10**9):
            now = time.monotonic()
            if now > until:
                break
            if now - saved > 1:
                self.save(number)
                saved = now
            files = part(self.name).make(random.Random(f"{self.name} {seed} {number}"))
            started = time.process_time()
            fault = self.tried(files)
            self.slowest = max(self.slowest, time.process_time() - started)
            self.inputs += 1
            if fault is not None:
                self.keep(files, fault, f"seed {seed}, input {number}")
        self.save(number)

    def tried(self, files: inputs.Files) -> Fault | None:
        """Try an input; a process that ends while it does leaves the input in a folder."""
        inputs.write(files, self.work / CURRENT)
        faulthandler.dump_traceback_later(self.patience, exit=True)
        try:
            return tried(self.name, files, self.scratch)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def keep(self, files: inputs.Files, fault: Fault, origin: str) -> None:
        """Keep the input of a new kind of fault, smaller if that is cheap."""
        self.faults += 1
        if fault.kind in self.kinds:
            return
        self.kinds.add(fault.kind)
        found, until = fault, time.monotonic() + CHEAP

        def is_same(candidate: inputs.Files) -> bool:
            nonlocal found
            if time.monotonic() > until:
                return False
            other = self.tried(candidate)
            if other is None or other.kind != fault.kind:
                return False
            found = other
            return True

        if fault.kind not in {"slow", "large"}:  # each try would cost as much
            files = smaller(files, is_same)
        keep(self.kept / self.name, files, found.text, origin)

    def save(self, number: int) -> None:
        """Write how far it has come, for the runner."""
        counts = {"inputs": self.inputs, "faults": self.faults, "slowest": self.slowest, "next": number}
        (self.work / COUNTS).write_text(json.dumps(counts), encoding="utf-8")


def keep(folder: Path, files: inputs.Files, text: str, origin: str) -> Path:
    """Write an input, and beside it what is wrong and how to repeat it."""
    path = folder / inputs.name_of(files)
    inputs.write(files, path)
    again = f"python -m tests.fuzz --repeat {path.parent.name}/{path.name}"
    (folder / f"{path.name}.txt").write_text(f"{origin}\n{again}\n\n{text}\n", encoding="utf-8")
    return path


def main() -> None:
    """Try the inputs that the runner asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part")
    parser.add_argument("--seed", required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--patience", type=float, required=True, help="seconds that an input may hang")
    parser.add_argument("--only", type=Path, help="try this input, and no other")
    options = parser.parse_args()
    if "." not in options.part:
        import_module("torch")  # or the first input that needs it would pay for it
    warnings.simplefilter("error")
    worker = Worker(options.part, options.work, options.kept, options.patience)
    if options.only is not None:
        fault = worker.tried(inputs.read(options.only))
        (options.work / FAULT).write_text(fault.text if fault else "", encoding="utf-8")
        return
    part(options.part).make(random.Random(0))  # imports what it needs, before the time starts
    worker.fuzz(options.seed, options.first, time.monotonic() + options.seconds)


if __name__ == "__main__":
    main()
