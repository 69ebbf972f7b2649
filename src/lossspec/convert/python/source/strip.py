"""Strips a definition to what computes: no checks of arguments and shapes, no words for type checkers."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.convert.python.source.heads import docstring, head, is_text, plain
from lossspec.convert.python.source.places import Places, edited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.convert.python.source.places import Edit

#: Functions that return one of their arguments, once they have looked at it: which one it is.
_PASSING = {"chosen": 1, "check_reduction": 0, "cast": 1}
_MARKS = re.compile(r"  # (?:noqa|type: ignore)\b[^\n]*")


def stripped(text: str, node: ast.stmt, aliases: Mapping[str, str], words: frozenset[str]) -> str:
    """Return the text of a top-level definition of a module without what does not compute.

    Args:
        text: the module's source.
        node: the definition.
        aliases: types that annotations name, and what they stand for.
        words: what the module's losses are built with: a table of choices keeps these.
    """
    places = Places(text)
    edits = _Stripper(places, aliases, words).edits(node)
    result = _MARKS.sub("", places.edited(*places.with_comments(node), edits))
    return re.sub(r"\n{3,}", "\n\n", _without_unused(result)).rstrip()


@frozen
class _Stripper:
    """What is replaced in a module."""

    places: Places
    aliases: Mapping[str, str]
    words: frozenset[str]

    def edits(self, node: ast.AST) -> Iterator[Edit]:
        """Yield what to replace within a node, without overlaps."""
        match node:
            case ast.stmt() if _only_checks(node):
                yield (*self.places.lines(node, node), "")
            case ast.Try(body=body, handlers=handlers) if all(_raises(each.body) for each in handlers):
                yield self._without_try(node, body)
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call(ast.Name("import_module"), [path])):
                package, _, module = str(ast.literal_eval(path)).rpartition(".")
                renamed = "" if module == name else f" as {name}"
                yield self._whole(node, f"from {package} import {module}{renamed}\n")
            case ast.Call(func=ast.Name(name), args=args):
                yield from self._call(node, name, args)
            case ast.GeneratorExp(ast.Call(ast.Name("chosen"), [_, ast.Name(word), _]), [loop]):
                if ast.unparse(loop.target) == word:
                    yield self._whole(node, f"({ast.unparse(loop.iter)})")
            case ast.Raise(exc=ast.Call(func=ast.Name() as error)):
                yield self._whole(error, "ValueError")
            case ast.Dict() if _is_choice(node, self.words):
                yield from self._choice(node)
            case _:
                yield from self._definition(node)

    def _definition(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.FunctionDef():
                yield from head(node, self.places, self.aliases)
                yield from docstring(node, self.places)
                yield from self._each(node.body)
            case ast.ClassDef():
                yield from docstring(node, self.places)
                for each in node.body:
                    if isinstance(each, ast.FunctionDef) and _checks_alone(each):
                        yield (*self.places.lines(each, each), "")
                    else:
                        yield from self.edits(each)
            case ast.AnnAssign(annotation=annotation, value=value):
                if (note := plain(annotation, self.aliases)) != ast.unparse(annotation):
                    yield self._whole(annotation, note)
                yield from self._each([] if value is None else [value])
            case _:
                yield from self._each(ast.iter_child_nodes(node))

    def _each(self, nodes: Iterator[ast.AST] | list[ast.stmt] | list[ast.expr]) -> Iterator[Edit]:
        for each in nodes:
            yield from self.edits(each)

    def _whole(self, node: ast.stmt | ast.expr, text: str) -> Edit:
        return self.places.begin(node), self.places.end(node), text

    def _call(self, node: ast.Call, name: str, args: list[ast.expr]) -> Iterator[Edit]:
        """Yield what a call of a helper of the losses is in plain torch."""
        match name, args:
            case "apply_linear", [tensor, ast.Call(ast.Name("partial"), [function], keywords), _]:
                given = ", ".join([ast.unparse(tensor), *map(ast.unparse, keywords)])
                yield self._whole(node, f"{ast.unparse(function)}({given})")
            case "apply_linear", [tensor, function, _]:
                yield self._whole(node, f"{ast.unparse(function)}({ast.unparse(tensor)})")
            case "input_gradient", [_, ast.Dict(values=[output]), ast.Dict(values=[wanted])]:
                scores, images = ast.unparse(output), ast.unparse(wanted)
                given = f"{scores}, {images}, torch.ones_like({scores}), create_graph=True"
                yield self._whole(node, f"torch.autograd.grad({given})[0]")
            case _ if name in _PASSING:
                yield self._whole(node, self.places.segment(args[_PASSING[name]]))
            case _:
                yield from self._each(ast.iter_child_nodes(node))

    def _without_try(self, node: ast.Try, body: list[ast.stmt]) -> Edit:
        """Return a block that only words errors anew, without that."""
        inner = self.places.edited(*self.places.lines(body[0], body[-1]), self._each(body))
        indented = textwrap.indent(textwrap.dedent(inner), " " * node.col_offset)
        return (*self.places.lines(node, node), indented)

    def _choice(self, node: ast.Dict) -> Iterator[Edit]:
        """Yield a table without the words that no loss is built with."""
        pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None]
        kept = [(key, value) for key, value in pairs if ast.literal_eval(key) in self.words]
        if node.lineno == node.end_lineno:
            items = [f"{self.places.segment(key)}: {self.places.segment(value)}" for key, value in kept]
            yield self._whole(node, f"{{{', '.join(items)}}}")
            return
        for key, value in pairs:
            if (key, value) in kept:
                yield from self.edits(value)
            else:
                line = self.places.data.rfind(b"\n", 0, self.places.begin(key)) + 1
                yield line, self.places.data.index(b"\n", self.places.end(value)) + 1, ""


def _only_checks(node: ast.stmt) -> bool:
    """Whether a statement does nothing but refuse what is wrong."""
    match node:
        case ast.Expr(value=ast.Call(func=func)):
            return ast.unparse(func).rpartition(".")[2].lstrip("_").startswith("check")
        case ast.If(body=body, orelse=[]):
            return _raises(body)
        case ast.For(body=body):
            return all(_only_checks(each) for each in body)
    return False


def _raises(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Raise)


def _checks_alone(node: ast.FunctionDef) -> bool:
    """Whether a method only checks, with what it computes for that."""
    rest = [each for each in node.body if not is_text(each)]
    checks = [each for each in rest if _only_checks(each)]
    named = (
        isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
        for each in rest
        if each not in checks
    )
    return bool(checks) and all(named)


def _is_choice(node: ast.Dict, words: frozenset[str]) -> bool:
    """Whether a dict is a table of words, one of which at least is used."""
    keys = [each.value if isinstance(each, ast.Constant) else None for each in node.keys]
    return all(isinstance(each, str) for each in keys) and any(each in words for each in keys)


def _without_unused(text: str) -> str:
    """Drop local variables that only a check read."""
    places, edits = Places(text), list[tuple[int, int, str]]()
    for function in (each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef)):
        names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
        read = {each.id for each in names if isinstance(each.ctx, ast.Load)}
        for each in function.body:
            if isinstance(each, ast.Assign) and isinstance(target := each.targets[0], ast.Name):
                edits += [(*places.lines(each, each), "")] if target.id not in read else []
    return edited(text, edits)
