"""The layout of the package: no import circle, small folders, small files."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import lossspec

SRC = Path(lossspec.__file__).parent
FILES = sorted(SRC.rglob("*.py"))
STUBS = sorted(SRC.rglob("*.pyi"))
#: Folders that hold one file for each schedule family, command or library.
EXEMPT = {"schedules/families", "cli", "registry/catalog"}


def module(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


def imports(tree: ast.AST, known: set[str]) -> set[str]:
    """Return the modules that a file imports anywhere: in functions and for type checkers, too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                submodule = f"{node.module}.{each.name}"
                found.add(submodule if submodule in known else str(node.module))
    return found & known


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of a circle, or an empty list."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = set(MODULES)
    graph: dict[str, set[str]] = {}
    for path in FILES + STUBS:
        name = module(path)
        graph.setdefault(name, set()).update(imports(ast.parse(path.read_text("utf-8")), known) - {name})
    assert sum(map(len, graph.values())) > len(graph)
    assert circle(graph) == []


def test_a_circle_by_a_type_only_import_is_found() -> None:
    known = {"a", "a.b", "a.c"}
    b = "if TYPE_CHECKING:\n    from a.c import name"
    c = "def function():\n    from a import b"
    assert circle({"a.b": imports(ast.parse(b), known), "a.c": imports(ast.parse(c), known)})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_no_file_is_over_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_no_folder_holds_more_than_12_modules() -> None:
    count = Counter(path.parent.relative_to(SRC).as_posix() for path in FILES if path.name != "__init__.py")
    crowded = {folder: number for folder, number in count.items() if number > 12 and folder not in EXEMPT}
    assert crowded == {}
