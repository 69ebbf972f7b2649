"""Runs every benchmark: ``make bench``. Each prints its table and says whether its goals are met."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path


def main() -> bool:
    """Run ``bench_*.py`` one after the other; True if every goal is met."""
    met = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n== {path.stem}")
        met.append(import_module(f"tests.benchmarks.{path.stem}").main())
    return all(met)


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
