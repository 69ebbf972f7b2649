"""The heads of functions and their docstrings, in plain words: types without aliases, no doctests."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from lossspec.convert.python.layout import definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.convert.python.source.places import Edit, Places

_SECTIONS = re.compile(r"\n[ \t]*(?:Raises|Example):\n(?:(?!\n\n *\w+:\n).)*", re.DOTALL)
_DOCTEST = re.compile(r"\n[ \t]*>>>[^\n]*(?:\n[ \t]*[^\s\"][^\n]*)*")


def head(node: ast.FunctionDef, places: Places, aliases: Mapping[str, str]) -> Iterator[Edit]:
    """Yield the head of a function with plain annotations, where it has others."""
    arguments = [
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        node.args.vararg,
        node.args.kwarg,
    ]
    notes = [each.annotation for each in arguments if each is not None and each.annotation is not None]
    returns = node.returns
    if returns is None or all(_is_plain(each, aliases) for each in [*notes, returns]):
        return
    begin = places.data.index(b"def ", places.lines(node, node)[0])
    end = places.data.index(b":", places.end(returns)) + 1
    lines = definition(
        node.name, [*parameters(node.args, places, aliases)], plain(returns, aliases), node.col_offset
    )
    yield begin, end, "\n".join(lines).lstrip()


def parameters(
    args: ast.arguments, places: Places, aliases: Mapping[str, str], without: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the parameters of a function as they are written, but for some."""

    def written(arg: ast.arg, default: ast.expr | None) -> str:
        noted = f"{arg.arg}: {plain(arg.annotation, aliases)}" if arg.annotation else arg.arg
        if default is None:
            return noted
        return f"{noted}{' = ' if arg.annotation else '='}{places.segment(default)}"

    missing = len(args.args) - len(args.defaults)
    for each, default in zip(args.args, [*[None] * missing, *args.defaults], strict=True):
        if each.arg not in without:
            yield written(each, default)
    if args.vararg:
        yield f"*{written(args.vararg, None)}"
    elif args.kwonlyargs:
        yield "*"
    for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield written(each, default)
    if args.kwarg:
        yield f"**{written(args.kwarg, None)}"


def plain(annotation: ast.expr, aliases: Mapping[str, str]) -> str:
    """Return an annotation without aliases; a choice of words is a string.

    >>> plain(ast.parse("Literal['l1', 'l2'] | Map", mode="eval").body, {"Map": "Callable"})
    'str | Callable'
    """
    return ast.unparse(_Plain(aliases).visit(ast.parse(ast.unparse(annotation), mode="eval").body))


def _is_plain(annotation: ast.expr, aliases: Mapping[str, str]) -> bool:
    return plain(annotation, aliases) == ast.unparse(annotation)


class _Plain(ast.NodeTransformer):
    def __init__(self, aliases: Mapping[str, str]) -> None:
        self.aliases = aliases

    def visit_Name(self, node: ast.Name) -> ast.AST:
        alias = self.aliases.get(node.id)
        return node if alias is None else ast.parse(alias, mode="eval").body

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "Literal":
            return ast.Name("str")
        return self.generic_visit(node)


def docstring(node: ast.FunctionDef | ast.ClassDef, places: Places) -> Iterator[Edit]:
    """Yield the docstring without errors and doctests, its mathematics as plain text."""
    if not is_text(node.body[0]):
        return
    text = places.segment(node.body[0]).removesuffix('"""')
    new = _DOCTEST.sub("", _SECTIONS.sub("", text))
    new = re.sub(r"\.\. math:: ", "    ", new)
    new = re.sub(r"\n[ \t]*\.\. math::(?=\n)", "", new)
    if "===" not in new:  # a table would lose its columns
        new = new.replace("``", "`")
    body = re.sub(r"\n{3,}", "\n\n", new).rstrip()
    yield (
        places.begin(node.body[0]),
        places.end(node.body[0]),
        f'{body}\n{" " * node.body[0].col_offset}"""' if "\n" in body else f'{body}"""',
    )


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
