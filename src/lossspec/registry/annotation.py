"""Says what a type annotation allows: as JSON Schema, and as an input of a loss."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from lossspec.registry.entry import InputKind

_PLAIN: dict[object, str] = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}
_NAMES = {each.__name__: schema for each, schema in _PLAIN.items() if isinstance(each, type)}
_LISTS = (list, tuple, set, frozenset, Sequence, Collection, Iterable)


def json_schema(annotation: object) -> dict[str, object] | None:
    """Return the JSON Schema of the values that ``annotation`` allows, or None if TOML can't write them.

    >>> json_schema(list[float] | None)
    {'type': 'array', 'items': {'type': 'number'}}
    >>> json_schema(Literal["mean", "sum"])
    {'type': 'string', 'enum': ['mean', 'sum']}
    >>> json_schema(Callable[[float], float]) is None
    True
    """
    if isinstance(annotation, str):  # its names could not be looked up
        annotation = annotation.removesuffix(" | None")
        return {"type": _NAMES[annotation]} if annotation in _NAMES else _tensor(annotation)
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    if is_tensor(annotation):
        return _tensor(annotation)
    return _generic(get_origin(annotation) or annotation, get_args(annotation))


def is_tensor(annotation: object) -> bool:
    """Say whether ``annotation`` is a torch tensor, or one or None; torch is not imported to know."""
    if isinstance(annotation, str):
        return annotation.removesuffix(" | None").rpartition(".")[2] == "Tensor"
    if get_origin(annotation) in (Union, types.UnionType):
        return any(is_tensor(each) for each in get_args(annotation))
    return getattr(annotation, "__name__", "") == "Tensor"


def is_path(annotation: object) -> bool:
    """Say whether ``annotation`` is a path, or one or None."""
    if isinstance(annotation, str):
        return annotation.removesuffix(" | None").rpartition(".")[2] == "Path"
    is_union = get_origin(annotation) in (Union, types.UnionType)
    return annotation is Path or (is_union and Path in get_args(annotation))


def input_kind(annotation: object) -> InputKind:
    """Say what an input takes: a list, a callable (a network too), and else a tensor."""
    if isinstance(annotation, str):
        head = annotation.partition("[")[0].rpartition(".")[2]
        names = {each.__name__ for each in _LISTS}
        return "list" if head in names else "callable" if head in ("Callable", "Module") else "tensor"
    origin = get_origin(annotation) or annotation
    if origin in _LISTS:
        return "list"
    bases = getattr(origin, "__mro__", ())
    if origin is Callable or any(each.__name__ == "Module" for each in bases):
        return "callable"
    return "tensor"


def _generic(origin: object, args: tuple[object, ...]) -> dict[str, object] | None:
    if origin is Literal:
        kinds = {_PLAIN.get(type(value)) for value in args}
        return {"type": kinds.pop(), "enum": list(args)} if len(kinds) == 1 else {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return _either([json_schema(each) for each in args if each is not type(None)])
    if origin in _LISTS and not args:
        return {"type": "array"}
    if origin in _LISTS and any(map(is_path, args)):
        return None  # the check that a path stays beside its spec is for one path
    if origin in _LISTS:
        items = _either([json_schema(each) for each in args if each is not Ellipsis])
        return None if items is None else {"type": "array", "items": items}
    return None


def _tensor(annotation: object) -> dict[str, object] | None:
    return {"type": "array", "items": {"type": "number"}} if is_tensor(annotation) else None


def _either(schemas: list[dict[str, object] | None]) -> dict[str, object] | None:
    writable = [each for each in schemas if each is not None]
    unique = [each for index, each in enumerate(writable) if each not in writable[:index]]
    if not unique:
        return None
    return unique[0] if len(unique) == 1 else {"anyOf": unique}
