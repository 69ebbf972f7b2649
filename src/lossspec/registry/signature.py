"""Makes a loss type from the signature and the docstring of a class or a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_origin

from lossspec.errors import RegistrationError
from lossspec.registry.entry import Argument, CallInput, LossType
from lossspec.signatures import LISTS, is_path, is_tensor, json_schema, parameters, read_docstring

if TYPE_CHECKING:
    from collections.abc import Collection

    from lossspec.registry.entry import InputKind

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def read_signature(loss: Callable[..., object], name: str, *, given: Collection[str] = ()) -> LossType:
    """Return the loss type that a signature and a docstring describe.

    Args:
        loss: a class whose instances are called, or a function.
        name: the name of the type.
        given: parameters that lossspec itself passes: neither arguments nor inputs.

    Raises:
        RegistrationError: a required argument cannot be written as a TOML value, or a class has no
            ``forward``.
    """
    summary, described = read_docstring(loss.__doc__)
    if isinstance(loss, type):
        code: Any = loss
        if not hasattr(code, "forward"):
            raise RegistrationError(f"the class `{loss.__qualname__}` is not a loss: it has no `forward`")
        described |= read_docstring(code.__init__.__doc__)[1]
        shapes = read_docstring(code.forward.__doc__)[1]
        inputs, arguments = parameters(code.forward)[1:], parameters(loss)
    else:
        shapes = described
        inputs = [each for each in parameters(loss) if _is_input(each)]
        arguments = [each for each in parameters(loss) if not _is_input(each)]
    read = (_argument(each, described, name) for each in arguments if _is_open(each, given))
    return LossType(
        name=name,
        target=f"{loss.__module__}:{loss.__qualname__}",
        summary=summary,
        args={each.name: each for each in read if each is not None},
        inputs=tuple(_input(each, shapes) for each in inputs if _is_open(each, given)),
        function=not isinstance(loss, type),
        distribution=loss.__module__.partition(".")[0],
        owner=f"the module `{loss.__module__}`",
    )


def _is_open(parameter: inspect.Parameter, given: Collection[str]) -> bool:
    return parameter.kind in _NAMED and parameter.name not in given


def _is_input(parameter: inspect.Parameter) -> bool:
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
        return False
    return parameter.default is parameter.empty or is_tensor(parameter.annotation)


def _input(parameter: inspect.Parameter, shapes: dict[str, str]) -> CallInput:
    required = parameter.default is parameter.empty
    return CallInput(
        parameter.name, input_kind(parameter.annotation), shapes.get(parameter.name, ""), required
    )


def input_kind(annotation: object) -> InputKind:
    """Return what an input takes: a list, a callable (such as a network), or a tensor.

    >>> input_kind(list[float]), input_kind("nn.Module"), input_kind("Tensor")
    ('list', 'callable', 'tensor')
    """
    if isinstance(annotation, str):
        head = annotation.partition("[")[0].rpartition(".")[2]
        names = {each.__name__ for each in LISTS}
        return "list" if head in names else "callable" if head in ("Callable", "Module") else "tensor"
    origin = get_origin(annotation) or annotation
    if origin in LISTS or (isinstance(origin, type) and issubclass(origin, tuple)):  # a named tuple, too
        return "list"
    bases = getattr(origin, "__mro__", ())
    is_callable = origin is Callable or any(each.__name__ == "Module" for each in bases)
    return "callable" if is_callable else "tensor"


def _argument(parameter: inspect.Parameter, described: dict[str, str], name: str) -> Argument | None:
    required, default = parameter.default is parameter.empty, parameter.default
    annotation = parameter.annotation
    if annotation is parameter.empty:  # an int default can mean a float
        annotation = float if type(default) is int else type(default)
    schema = json_schema(annotation)
    if schema is None and required:
        raise RegistrationError(
            f"the argument `{parameter.name}` of `{name}` is required but cannot be written in TOML: "
            "annotate it with int, float, bool, str, Literal, Tensor, Path or a list of them, "
            "or give it a default"
        )
    if schema is None:
        return None  # an object: always its default
    return Argument(
        parameter.name,
        schema,
        described.get(parameter.name, ""),
        required,
        None if required else list(default) if isinstance(default, tuple) else default,
        tensor=is_tensor(annotation),
        path=is_path(annotation),
    )
