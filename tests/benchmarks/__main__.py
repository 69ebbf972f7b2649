"""Runs the benchmarks: ``make bench`` runs all, ``make bench ONLY="manager losses"`` those that are named.

Each prints its tables and says whether its goals are met.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(only: list[str]) -> bool:
    """Run ``bench_*.py`` one after the other; True if every goal is met."""
    names = [path.stem.removeprefix("bench_") for path in sorted(Path(__file__).parent.glob("bench_*.py"))]
    unknown = [name for name in only if name not in names]
    if unknown:
        raise SystemExit(f"unknown benchmark `{unknown[0]}`: there are {', '.join(names)}")
    met = []
    for name in only or names:
        print(f"\n== bench_{name}", flush=True)
        met.append(import_module(f"tests.benchmarks.bench_{name}").main())
    return all(met)


if __name__ == "__main__":
    raise SystemExit(0 if main(sys.argv[1:]) else 1)
