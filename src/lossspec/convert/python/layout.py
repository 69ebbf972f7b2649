"""Writes statements within 110 columns, broken at brackets as formatters break them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 110


def statement(prefix: str, expression: str, suffix: str = "", indent: int = 0) -> list[str]:
    """Return the lines of ``prefix + expression + suffix``.

    >>> print(*statement("x = ", "f(a, b)"), sep="")
    x = f(a, b)
    """
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
    """Return an expression on one line."""
    match node:
        case ast.Constant(value=value):
            return literal(value)
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return f"{{{', '.join(f'{flat(key)}: {flat(value)}' for key, value in pairs if key)}}}"
        case ast.List(elts=items):
            return f"[{', '.join(map(flat, items))}]"
        case ast.Call(func=func, args=args, keywords=keywords):
            return f"{flat(func)}({', '.join(map(flat, [*args, *keywords]))})"
        case ast.keyword(arg=str(name), value=value):
            return f"{name}={flat(value)}"
        case ast.Lambda(args=args, body=body):
            return f"lambda {ast.unparse(args)}: {flat(body)}"
        case ast.GeneratorExp():
            return f"{flat(node.elt)} {_loops(node)}"
        case ast.Attribute(value=value, attr=name):
            return f"{flat(value)}.{name}"
        case _:
            return ast.unparse(node)


def _loops(node: ast.GeneratorExp) -> str:
    (loop,) = node.generators
    target = ast.unparse(loop.target).removeprefix("(").removesuffix(")")
    return f"for {target if '(' not in target else ast.unparse(loop.target)[1:-1]} in {flat(loop.iter)}"


def _broken(prefix: str, node: ast.AST, suffix: str, indent: int) -> list[str]:
    pad, line = " " * indent, flat(node)
    if len(pad + prefix + line + suffix) <= WIDTH:
        return [pad + prefix + line + suffix]
    inner = indent + 4
    match node:
        case ast.Call(func=func, args=args, keywords=keywords) if args or keywords:
            items: list[ast.AST] = [*args, *keywords]
            body = ", ".join(map(flat, items))
            if inner + len(body) <= WIDTH:
                lines = [" " * inner + body]
            elif isinstance(args[0] if args else None, ast.GeneratorExp):
                lines = _generator(args[0], inner)
            else:
                lines = [each for item in items for each in _broken("", item, ",", inner)]
            return [f"{pad}{prefix}{flat(func)}(", *lines, f"{pad}){suffix}"]
        case ast.List(elts=[_, *_] as elements):
            lines = [each for item in elements for each in _broken("", item, ",", inner)]
            return [f"{pad}{prefix}[", *lines, f"{pad}]{suffix}"]
        case ast.Dict(keys=[_, *_] as keys, values=values):
            lines = []
            for key, value in zip(keys, values, strict=True):
                lines += _broken(f"{flat(key)}: " if key else "**", value, ",", inner)
            return [f"{pad}{prefix}{{", *lines, f"{pad}}}{suffix}"]
        case ast.keyword(arg=str(name), value=value):
            return _broken(f"{prefix}{name}=", value, suffix, indent)
        case ast.BinOp():
            return [f"{pad}{prefix}(", *_summands(node, inner), f"{pad}){suffix}"]
        case _:
            return [pad + prefix + line + suffix]


def _generator(node: ast.AST, indent: int) -> list[str]:
    if not isinstance(node, ast.GeneratorExp):
        return [" " * indent + flat(node)]
    return [" " * indent + flat(node.elt), " " * indent + _loops(node)]


def _summands(node: ast.AST, indent: int) -> list[str]:
    """Return a sum on one line, or each summand on its own."""
    if indent + len(flat(node)) <= WIDTH:
        return [" " * indent + flat(node)]
    summands: list[ast.AST] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        summands.append(node.right)
        node = node.left
    first, *others = [flat(each) for each in [node, *reversed(summands)]]
    return [" " * indent + first, *(f"{' ' * indent}+ {each}" for each in others)]
