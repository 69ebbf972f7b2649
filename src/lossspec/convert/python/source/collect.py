"""Collects the source of losses: each definition, and what it refers to, stripped to what computes."""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.convert.python.source.strip import stripped
from lossspec.convert.python.source.unused import without_unused_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OURS = __name__.partition(".")[0]


@frozen
class Source:
    """The definitions that losses need, in an order in which Python can run them, and their imports.

    Attributes:
        definitions: their text by name.
        imports: module and name of what comes from elsewhere; a whole module has no name.
    """

    definitions: dict[str, str]
    imports: set[tuple[str, str]]


def source_of(places: Iterable[tuple[str, str]], words: Iterable[str]) -> Source:
    """Return the source of definitions and all that they refer to.

    Args:
        places: module and name of each.
        words: what the losses are built with: a table of choices keeps these alone.
    """
    found = [(home_of(package, name), name) for package, name in places]
    collector = _collected(found, frozenset(words))
    while (
        more := {each for text in collector.definitions.values() for each in _words(text)} - collector.words
    ):
        collector = _collected(found, collector.words | more)  # the losses themselves choose of tables
    definitions = without_unused_parameters(collector.definitions)
    used = {each for text in definitions.values() for each in _referred(text)}
    return Source(definitions, {(home, name) for home, name in collector.imports if (name or home) in used})


def home_of(package: str, name: str) -> str:
    """Return the module that defines what a package exports."""
    found: str = getattr(import_module(package), name).__module__
    return found


def _collected(places: Iterable[tuple[str, str]], words: frozenset[str]) -> _Collector:
    collector = _Collector(words)
    for home, name in places:
        collector.add(home, name)
    return collector


class _Collector:
    def __init__(self, words: frozenset[str]) -> None:
        self.definitions: dict[str, str] = {}
        self.imports: set[tuple[str, str]] = {("torch", "")}
        self.words = words

    def add(self, home: str, name: str) -> None:
        """Collect ``name`` of the module ``home`` and all that it refers to."""
        if home.partition(".")[0] != _OURS:
            self.imports.add((home, name))
            return
        module = _read(home)
        if name not in module.defined:
            self.add(*module.imported[name])
            return
        if isinstance(node := module.defined[name], ast.Assign):
            name = ast.unparse(node.targets[0])  # of several names, too
        if name in self.definitions:
            return
        text = stripped(module.text, node, module.aliases, self.words)
        self.definitions[name] = ""  # it may refer to itself
        for each in _referred(text):
            if each in module.defined and each != name:
                self.add(home, each)
            elif each in module.imported:
                self.add(*module.imported[each])
        del self.definitions[name]
        self.definitions[name] = text


@frozen
class _Module:
    """A module: its text, its definitions, what it imports, and its names for types."""

    text: str
    defined: dict[str, ast.stmt] = field(factory=dict)
    imported: dict[str, tuple[str, str]] = field(factory=dict)
    aliases: dict[str, str] = field(factory=dict)


@cache
def _read(name: str) -> _Module:
    import_module(name)
    text = Path(str(sys.modules[name].__file__)).read_text(encoding="utf-8")
    module = _Module(text)
    for node in _statements(ast.parse(text)):
        _note(module, node)
    for own, (home, imported) in module.imported.items():
        if home.startswith(f"{_OURS}.") and imported in _read(home).aliases:
            module.aliases[own] = _read(home).aliases[imported]
    return module


def _note(module: _Module, node: ast.stmt) -> None:
    """Note what a statement of a module defines or imports."""
    match node:
        case ast.ImportFrom(module=str(home), names=names):
            module.imported.update({each.asname or each.name: (home, each.name) for each in names})
        case ast.Import(names=names):
            module.imported.update({each.asname or each.name: (each.name, "") for each in names})
        case ast.FunctionDef(name=own) | ast.ClassDef(name=own):
            module.defined[own] = node
        case ast.Assign(targets=[target], value=value):
            names_ = target.elts if isinstance(target, ast.Tuple) else [target]
            module.defined.update({ast.unparse(each): node for each in names_})
            if ast.unparse(value).startswith("Literal["):
                module.aliases[ast.unparse(target)] = "str"
        case ast.AnnAssign(target=ast.Name(own), value=ast.expr() as value):
            module.defined[own] = node
            if ast.unparse(node.annotation) == "TypeAlias":
                module.aliases[own] = ast.unparse(value)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        yield from node.body if isinstance(node, ast.If) else [node]  # what is for type checkers, too


def _words(text: str) -> set[str]:
    """Return the strings of a class, docstrings aside."""
    (node,) = ast.parse(text).body
    if not isinstance(node, ast.ClassDef):
        return set()
    texts = {id(each.value) for each in ast.walk(node) if isinstance(each, ast.Expr)}
    strings = [each for each in ast.walk(node) if isinstance(each, ast.Constant) and id(each) not in texts]
    return {each.value for each in strings if isinstance(each.value, str)}


def _referred(text: str) -> list[str]:
    """Return the names that a definition refers to, in order."""
    names = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Name)]
    names.sort(key=lambda each: (each.lineno, each.col_offset))
    return list(dict.fromkeys(each.id for each in names))
