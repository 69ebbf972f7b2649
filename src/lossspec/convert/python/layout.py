"""Writes statements within 110 columns, broken at brackets as formatters break them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 110
#: An expression of more letters is not laid out: that takes a second, and nobody reads 10,000 points.
LONGEST = 50_000
#: The attribute of a node that keeps its text.
_FLAT = "_on_one_line"


def statement(prefix: str, expression: str, suffix: str = "", indent: int = 0) -> list[str]:
    """Return the lines of ``prefix + expression + suffix``; one of more than ``LONGEST`` letters is one line.

    >>> print(*statement("x = ", "f(a, b)"), sep="")
    x = f(a, b)
    """
    if len(expression) > LONGEST:
        return [" " * indent + prefix + expression + suffix]
    return _broken(prefix, ast.parse(expression, mode="eval").body, suffix, indent)


def definition(name: str, parameters: Sequence[str], result: str, indent: int = 0) -> list[str]:
    """Return the lines of the head of a function: on one line, its parameters on one, or each on its own."""
    pad = " " * indent
    head, tail = f"{pad}def {name}(", f") -> {result}:"
    if len(head) + len(flat := ", ".join(parameters)) + len(tail) <= WIDTH:
        return [head + flat + tail]
    if indent + 4 + len(flat) <= WIDTH:
        return [head, f"{pad}    {flat}", pad + tail]
    return [head, *(f"{pad}    {each}," for each in parameters), pad + tail]


def literal(value: object) -> str:
    """Return the Python text of a JSON value, strings in double quotes.

    >>> literal({"a": ["b", 0.5, None]})
    '{"a": ["b", 0.5, None]}'
    """
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in value else text
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
    return repr(value)


def flat(node: ast.AST) -> str:
    """Return an expression on one line; the node keeps it, for each level around it asks again."""
    text: str | None = getattr(node, _FLAT, None)
    if text is None:
        text = _flat(node)
        setattr(node, _FLAT, text)
    return text


def _flat(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=value):
            text = literal(value)
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            text = f"{{{', '.join(f'{flat(key)}: {flat(value)}' for key, value in pairs if key)}}}"
        case ast.List(elts=items):
            text = f"[{', '.join(map(flat, items))}]"
        case ast.Call(func=func, args=args, keywords=keywords):
            text = f"{flat(func)}({', '.join(map(flat, [*args, *keywords]))})"
        case ast.keyword(arg=str(name), value=value):
            text = f"{name}={flat(value)}"
        case ast.Lambda(args=args, body=body):
            text = f"lambda {ast.unparse(args)}: {flat(body)}"
        case ast.GeneratorExp():
            text = f"{flat(node.elt)} {_loops(node)}"
        case ast.ListComp():
            text = f"[{flat(node.elt)} {_loops(node)}]"
        case ast.Subscript(value=value, slice=index):
            text = f"{flat(value)}[{ast.unparse(index)}]"
        case ast.Attribute(value=value, attr=name):
            text = f"{flat(value)}.{name}"
        case _:
            text = ast.unparse(node)
    return text


def _loops(node: ast.GeneratorExp | ast.ListComp) -> str:
    (loop,) = node.generators
    target = ast.unparse(loop.target)
    chosen = "".join(f" if {ast.unparse(each)}" for each in loop.ifs)
    return (
        f"for {target[1:-1] if isinstance(loop.target, ast.Tuple) else target} in {flat(loop.iter)}{chosen}"
    )


def _broken(prefix: str, node: ast.AST, suffix: str, indent: int) -> list[str]:
    pad, line = " " * indent, flat(node)
    if isinstance(node, ast.keyword) and node.arg:
        return _broken(f"{prefix}{node.arg}=", node.value, suffix, indent)
    if len(pad + prefix + line + suffix) > WIDTH:
        begin, lines, end = _bracketed(prefix, node, indent + 4)
        if lines:
            return [f"{pad}{prefix}{begin}", *lines, f"{pad}{end}{suffix}"]
    return [pad + prefix + line + suffix]


def _bracketed(prefix: str, node: ast.AST, indent: int) -> tuple[str, list[str], str]:
    """Return how a broken expression opens, its lines, and how it closes; no lines where it cannot break."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords) if args or keywords:
            found = f"{flat(func)}(", _arguments([*args, *keywords], indent), ")"
        case ast.List(elts=[_, *_] as elements):
            found = "[", [each for item in elements for each in _broken("", item, ",", indent)], "]"
        case ast.Dict(keys=keys, values=[_, *_] as values):
            pairs = zip(keys, values, strict=True)
            broken = (_broken(f"{flat(key)}: ", value, ",", indent) for key, value in pairs if key)
            found = "{", [each for lines in broken for each in lines], "}"
        case ast.BinOp():
            found = "(", _summands(node, indent), ")"
        case _ if prefix.endswith(" = ") and indent + len(flat(node)) <= WIDTH:
            found = "(", [" " * indent + flat(node)], ")"
        case _:
            found = "", [], ""
    return found


def _arguments(items: list[ast.expr | ast.keyword], indent: int) -> list[str]:
    """Return arguments on one line, or each on its own."""
    body = ", ".join(map(flat, items))
    if indent + len(body) <= WIDTH:
        return [" " * indent + body]
    if isinstance(items[0], ast.GeneratorExp):
        return _generator(items[0], indent)
    return [each for item in items for each in _broken("", item, ",", indent)]


def _generator(node: ast.GeneratorExp, indent: int) -> list[str]:
    (loop,) = node.generators
    chosen = [f"if {ast.unparse(each)}" for each in loop.ifs]
    head = _loops(node).partition(" in ")[0]
    lines = [*_broken("", node.elt, "", indent), *_broken(f"{head} in ", loop.iter, "", indent)]
    return [*lines, *(" " * indent + each for each in chosen)]


def _summands(node: ast.AST, indent: int) -> list[str]:
    """Return a sum on one line, or each summand on its own."""
    if indent + len(flat(node)) <= WIDTH:
        return [" " * indent + flat(node)]
    lines: list[str] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        sign = "+" if isinstance(node.op, ast.Add) else "-"
        lines.append(f"{' ' * indent}{sign} {flat(node.right)}")
        node = node.left
    return [" " * indent + flat(node), *reversed(lines)]
