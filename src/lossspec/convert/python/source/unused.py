"""Drops parameters that only checks read, from functions and from their calls."""

from __future__ import annotations

import ast
import re

from lossspec.convert.python.layout import definition
from lossspec.convert.python.source.heads import parameters
from lossspec.convert.python.source.places import Places, edited


def without_unused_parameters(definitions: dict[str, str]) -> dict[str, str]:
    """Return definitions by name without the parameters of functions that nothing reads any more."""
    unused = {name: found for name, text in definitions.items() if (found := _unused(text))}
    for name, numbers in unused.items():
        definitions = {each: _called_without(text, name, numbers) for each, text in definitions.items()}
        definitions[name] = _headed_without(definitions[name], numbers)
    return definitions


def _unused(text: str) -> dict[int, str]:
    """Return the parameters of a function that it does not read: number and name."""
    (node,) = ast.parse(text).body
    if not isinstance(node, ast.FunctionDef):
        return {}
    read = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return {number: each.arg for number, each in enumerate(node.args.args) if each.arg not in read}


def _headed_without(text: str, numbers: dict[int, str]) -> str:
    (node,) = ast.parse(text).body
    if not isinstance(node, ast.FunctionDef) or node.returns is None:
        return text
    places = Places(text)
    kept = parameters(node.args, places, {}, frozenset(numbers.values()))
    lines = definition(node.name, [*kept], ast.unparse(node.returns))
    end = places.data.index(b":", places.end(node.returns)) + 1
    new = edited(text, [(places.begin(node), end, "\n".join(lines))])
    for name in numbers.values():
        new = re.sub(rf"\n        {name}: [^\n]*(?:\n {{12,}}[^\n]*)*", "", new)
    return new


def _called_without(text: str, name: str, numbers: dict[int, str]) -> str:
    places, edits = Places(text), []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(called), args=args) if called == name:
                kept = [each for number, each in enumerate(args) if number not in numbers]
                given = [places.segment(each) for each in kept] + [
                    f"{each.arg}={places.segment(each.value)}" for each in node.keywords
                ]
                edits.append((places.begin(node), places.end(node), f"{name}({', '.join(given)})"))
    return edited(text, edits)
