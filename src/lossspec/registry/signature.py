"""Reads a loss type from the signature and the docstring of a class or a function."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from lossspec.errors import RegistrationError
from lossspec.registry.annotation import input_kind, is_path, is_tensor, json_schema
from lossspec.registry.entry import Argument, CallInput, LossType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def read_signature(loss: Callable[..., object], name: str, *, given: Collection[str] = ()) -> LossType:
    """Return what the registry needs to know of ``loss``.

    Args:
        loss: a class whose instances are called, or a function.
        name: the name of the type.
        given: parameters that lossspec itself gives: no arguments, and no inputs.

    Raises:
        RegistrationError: an argument that must be given can't be written as a TOML value, or a class has no
            ``forward``.
    """
    if isinstance(loss, type):
        forward = getattr(loss, "forward", None)
        if forward is None:
            raise RegistrationError(f"the class `{loss.__qualname__}` has no `forward`: it is no loss")
        summary, described = read_docstring(loss.__doc__)
        described |= read_docstring(cast("Any", loss).__init__.__doc__)[1]
        inputs, (_, shapes) = _parameters(forward)[1:], read_docstring(forward.__doc__)
        arguments = _parameters(loss)
    else:
        summary, described = read_docstring(loss.__doc__)
        shapes = described
        parameters = _parameters(loss)
        inputs = [each for each in parameters if _is_input(each)]
        arguments = [each for each in parameters if not _is_input(each)]
    inputs = [each for each in inputs if each.name not in given]
    read = (_argument(each, described, name) for each in arguments if each.name not in given)
    return LossType(
        name=name,
        target=f"{loss.__module__}:{loss.__qualname__}",
        summary=summary,
        args={each.name: each for each in read if each is not None},
        inputs=tuple(_input(each, shapes) for each in inputs),
        function=not isinstance(loss, type),
        distribution=loss.__module__.partition(".")[0],
        owner=f"the module `{loss.__module__}`",
    )


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """Return the first line of a docstring, and the descriptions of its arguments by name.

    The style that describes most arguments is taken; of one that is none of the three, what can be made out.

    >>> read_docstring('''Squared error.
    ...
    ...     Args:
    ...         power (float): of the error;
    ...             2 is the squared error
    ...     ''')
    ('Squared error.', {'power': 'of the error; 2 is the squared error'})
    """
    from docstring_parser import Docstring, DocstringStyle, ParseError, parse  # few register

    styles = (DocstringStyle.GOOGLE, DocstringStyle.NUMPYDOC, DocstringStyle.REST)
    found = []
    for style in styles:
        with suppress(ParseError, IndexError):  # not of this style; a line of `::` is an IndexError for reST
            found.append(parse(text, style))
    best = max(found, key=lambda each: len(each.params), default=Docstring())
    described = {
        name.strip(" *"): " ".join((each.description or "").split())
        for each in best.params
        if each.args[0] != "attribute"
        for name in each.arg_name.split(",")
    }
    return best.short_description or "", described


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    try:
        found = list(inspect.signature(function, eval_str=True).parameters.values())
    except NameError:  # some annotation is imported for type checkers only: that one stays text
        code = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]
        names = getattr(inspect.unwrap(code), "__globals__", {})
        found = [_looked_up(each, names) for each in inspect.signature(function).parameters.values()]
    return [each for each in found if each.kind in _NAMED]


def _looked_up(parameter: inspect.Parameter, names: dict[str, object]) -> inspect.Parameter:
    if not isinstance(parameter.annotation, str):
        return parameter
    try:
        return parameter.replace(annotation=eval(parameter.annotation, names))  # noqa: S307 - the caller's code
    except NameError:
        return parameter


def _is_input(parameter: inspect.Parameter) -> bool:
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
        return False
    return parameter.default is parameter.empty or is_tensor(parameter.annotation)


def _input(parameter: inspect.Parameter, shapes: dict[str, str]) -> CallInput:
    required = parameter.default is parameter.empty
    shape = shapes.get(parameter.name, "")
    return CallInput(parameter.name, input_kind(parameter.annotation), shape, required)


def _argument(parameter: inspect.Parameter, described: dict[str, str], name: str) -> Argument | None:
    required = parameter.default is parameter.empty
    annotation = (
        _guess(parameter.default) if parameter.annotation is parameter.empty else parameter.annotation
    )
    schema = json_schema(annotation)
    if schema is None:
        if required:
            raise RegistrationError(
                f"the argument `{parameter.name}` of `{name}` must be given and can't be written in TOML: "
                "annotate it with int, float, bool, str, Literal, Tensor, Path or a list of them, "
                "or give it a default"
            )
        return None  # an object: its default stands
    return Argument(
        parameter.name,
        schema,
        described.get(parameter.name, ""),
        required,
        None if required else _json(parameter.default),
        tensor=is_tensor(annotation),
        path=is_path(annotation),
    )


def _guess(default: object) -> object:
    return float if type(default) is int else type(default)


def _json(default: object) -> object:
    return list(default) if isinstance(default, tuple) else default
