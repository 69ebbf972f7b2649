"""The rules for tests in CONTRIBUTING.md, as far as a test can check them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("test_*.py"))
CLOCKS = {
    "monotonic",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "process_time_ns",
    "thread_time",
    "time",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(TESTS).as_posix())
def test_names_are_short_and_no_clock_is_read(file: Path) -> None:
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
    assert [name for name in names if name.startswith("test_") and len(name) >= 60] == []
    assert [name for name in names if name.startswith("test_") and name[5].isdigit()] == []
    read = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    assert read & {f"time.{clock}" for clock in CLOCKS} == set()


def test_there_are_tests_to_look_at() -> None:
    assert len(FILES) > 100
