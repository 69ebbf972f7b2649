"""Reads what users register: parameters, annotations and docstrings of their functions and classes."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

Schema = dict[str, object]

_PLAIN: dict[object, str] = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}
_NAMES = {each.__name__: schema for each, schema in _PLAIN.items() if isinstance(each, type)}
#: The annotations that mean an array.
LISTS = (list, tuple, set, frozenset, Sequence, Collection, Iterable)


def not_called(decorator: str, name: object, example: str) -> str:
    """Return what is wrong with a decorator that got what it decorates in place of a name; "" for a name.

    >>> not_called("register_loss", int, "mylib.Mine")
    "`register_loss` must be called with a name, as in `@register_loss('mylib.Mine')`, got <class 'int'>"
    """
    if isinstance(name, str):
        return ""
    return f"`{decorator}` must be called with a name, as in `@{decorator}({example!r})`, got {name!r:.80}"


def parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    """Return the parameters of a function, or of the constructor of a class, with evaluated annotations.

    An annotation that is imported for type checkers only stays text.

    >>> def scaled(t: float, by: Missing = 2.0): ...
    >>> [each.annotation for each in parameters(scaled)]
    [<class 'float'>, 'Missing']
    """
    with suppress(NameError):
        return list(inspect.signature(function, eval_str=True).parameters.values())
    code: Any = function
    names = getattr(inspect.unwrap(code.__init__ if isinstance(function, type) else code), "__globals__", {})
    return [_evaluated(each, names) for each in inspect.signature(function).parameters.values()]


def _evaluated(parameter: inspect.Parameter, names: dict[str, object]) -> inspect.Parameter:
    if isinstance(parameter.annotation, str):
        with suppress(NameError):
            return parameter.replace(annotation=eval(parameter.annotation, names))  # noqa: S307 - the caller's code
    return parameter


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """Return the first line of a docstring and the descriptions of its arguments by name.

    Google, NumPy and reST styles are tried; the one that describes the most arguments is used.

    >>> read_docstring('''Squared error.
    ...
    ...     Args:
    ...         power (float): of the error;
    ...             2 is the squared error
    ...     ''')
    ('Squared error.', {'power': 'of the error; 2 is the squared error'})
    """
    from docstring_parser import Docstring, DocstringStyle, ParseError, parse  # only registering needs it

    found = []
    for style in (DocstringStyle.GOOGLE, DocstringStyle.NUMPYDOC, DocstringStyle.REST):
        with suppress(ParseError, IndexError):  # of another style; for reST a line of `::` is an IndexError
            found.append(parse(text, style))
    best = max(found, key=lambda each: len(each.params), default=Docstring())
    described = {
        name.strip(" *"): " ".join((each.description or "").split())
        for each in best.params
        if each.args[0] != "attribute"
        for name in each.arg_name.split(",")
    }
    return best.short_description or "", described


def json_schema(annotation: object, known: Mapping[type, Schema] | None = None) -> Schema | None:
    """Return the JSON Schema of the values that ``annotation`` allows, or None if TOML cannot write them.

    Args:
        annotation: a type, or the text of one that could not be evaluated.
        known: the schemas of other classes, which hold for their subclasses too.

    >>> json_schema(list[float] | None)
    {'type': 'array', 'items': {'type': 'number'}}
    >>> json_schema(Literal["mean", "sum"])
    {'type': 'string', 'enum': ['mean', 'sum']}
    >>> json_schema(Callable[[float], float]) is None
    True
    """
    known = known or {}
    if isinstance(annotation, str):
        annotation = annotation.removesuffix(" | None")
        return {"type": _NAMES[annotation]} if annotation in _NAMES else _tensor(annotation)
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    if is_tensor(annotation):
        return _tensor(annotation)
    for cls, schema in known.items():
        if isinstance(annotation, type) and issubclass(annotation, cls):
            return schema
    return _generic(get_origin(annotation) or annotation, get_args(annotation), known)


def is_tensor(annotation: object) -> bool:
    """Return whether ``annotation`` is a torch tensor, or a tensor or None; torch is not imported."""
    if isinstance(annotation, str):
        return annotation.removesuffix(" | None").rpartition(".")[2] == "Tensor"
    if _is_union(annotation):
        return any(is_tensor(each) for each in get_args(annotation))
    return getattr(annotation, "__name__", "") == "Tensor"


def is_path(annotation: object) -> bool:
    """Return whether ``annotation`` is a path, or a path or None."""
    if isinstance(annotation, str):
        return annotation.removesuffix(" | None").rpartition(".")[2] == "Path"
    return annotation is Path or (_is_union(annotation) and Path in get_args(annotation))


def _is_union(annotation: object) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _generic(origin: object, args: tuple[object, ...], known: Mapping[type, Schema]) -> Schema | None:
    if origin is Literal:
        kinds = {_PLAIN.get(type(value)) for value in args}
        return {"type": kinds.pop(), "enum": list(args)} if len(kinds) == 1 else {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return _either([json_schema(each, known) for each in args if each is not types.NoneType])
    if origin not in LISTS:
        return None
    if not args:
        return {"type": "array"}
    if any(map(is_path, args)):
        return None  # only a single path is checked to be in the folder of its spec
    items = _either([json_schema(each, known) for each in args if each is not Ellipsis])
    return None if items is None else {"type": "array", "items": items}


def _tensor(annotation: object) -> Schema | None:
    return {"type": "array", "items": {"type": "number"}} if is_tensor(annotation) else None


def _either(schemas: list[Schema | None]) -> Schema | None:
    writable = [each for each in schemas if each is not None]
    unique = [each for index, each in enumerate(writable) if each not in writable[:index]]
    if len(unique) > 1:
        return {"anyOf": unique}
    return unique[0] if unique else None
