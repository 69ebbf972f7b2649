"""Fuzzes all that reads what people share: ``make fuzz`` runs ``python -m tests.fuzz --seconds 600``."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.fuzz.runner import KEPT, PARTS, PROPERTIES, Run, table


def main() -> int:
    """Run the parts, or repeat one input; return 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="the time, shared among the parts")
    parser.add_argument("--seed", default=str(int(time.time())), help="makes a run repeatable")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many parts run at a time")
    parser.add_argument("--part", action="append", choices=[*PARTS, PROPERTIES], help="only this; repeatable")
    parser.add_argument("--repeat", metavar="PART/NAME", help="try a kept input again, and nothing else")
    options = parser.parse_args()
    run = Run(options.seed)
    if options.repeat:
        part = options.repeat.partition("/")[0]
        folder = next((each for each in (run.kept, run.cases) if (each / options.repeat).is_dir()), None)
        if folder is None:
            parser.error(f"there is no {KEPT.name}/{options.repeat}")
        fault = run.fault(part, folder / options.repeat)
        print(fault or "no fault")
        return int(bool(fault))
    print(f"seed {options.seed}", flush=True)
    rows = run.all(options.part or [*PARTS, PROPERTIES], options.seconds, options.jobs)
    print(table(rows))
    return int(any(row.faults for row in rows))


if __name__ == "__main__":
    sys.exit(main())
