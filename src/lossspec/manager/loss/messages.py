"""Words for calls that went wrong: what a loss was given, and what it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, UnknownNameError
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What a list of tensors may be; torch.compile knows `list | tuple` only since 2.9.
LISTS = (list, tuple)

Function = Callable[..., torch.Tensor]


def describe(value: object) -> str:
    """Name a value as a person would: what it is, and its shape.

    >>> describe(torch.zeros(1, 3)), describe([torch.zeros(2)]), describe(0.5)
    ('a float32 tensor of shape (1, 3)', 'a list of 1', 'the float 0.5')
    """
    if isinstance(value, torch.Tensor):
        return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
    if isinstance(value, LISTS):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, bool | int | float | str):
        return f"the {type(value).__name__} {value!r}"
    return "None" if value is None else f"a {type(value).__name__}"


def explain(error: Exception, name: str, function: Function, inputs: Sequence[object]) -> None:
    """Make an error that a loss raised say which loss it was and what it was given.

    Raises:
        LossInputError: the error came from a wrong number of inputs; it names those that the loss takes.
    """
    wrong = wrong_number(name, function, inputs) if isinstance(error, TypeError) else None
    if wrong is not None:
        try:
            raise wrong from None
        finally:
            del wrong  # or it and this frame would keep each other, and the inputs, until the next collection
    error.add_note(f"in the loss `{name}`, called with {', '.join(map(describe, inputs)) or 'nothing'}")


def read_wrapped(raw: torch.Tensor, name: str) -> float:
    """Read what ``tolist()`` can't: a scalar within a transform of torch.func, before torch 2.9.

    Raises:
        RuntimeError: nobody can; it says which loss it was, and what such a value may be.
    """
    try:
        return raw.item()
    except RuntimeError as error:
        error.add_note(
            f"while the value of the loss `{name}` was recorded. Within `torch.func.vmap` a loss has one for "
            "each sample, which nobody can read: call its function there instead, "
            f"`manager.get_registered_losses(strip=False)[{name!r}].function`"
        )
        raise


def wrong_number(name: str, function: Function, inputs: Sequence[object]) -> LossInputError | None:
    """Return the error if ``function`` can't be called with that many inputs, else None."""
    called = function.forward if isinstance(function, torch.nn.Module) else function
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # compiled code may have none
        return None
    try:
        signature.bind(*inputs)
    except TypeError:
        takes = ", ".join(f"`{each}`" for each in signature.parameters) or "nothing"
        return LossInputError(f"`{name}` takes {takes}: {len(inputs)} inputs were given")
    return None


def refuse_params(function: Callable[..., object], params: Mapping[str, object]) -> None:
    """Raise if a spec function has no argument of a given name.

    Raises:
        UnknownNameError: it has none; the message says the nearest.
    """
    try:
        arguments = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # compiled code may have none
        return
    if any(each.kind is each.VAR_KEYWORD for each in arguments):
        return
    known = [each.name for each in arguments if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    of = f" of the spec function `{getattr(function, '__name__', describe(function))}`"
    for name in params:
        if name not in known:
            raise UnknownNameError(unknown("parameter", name, known, of))


def place(
    error: Exception, term: str, objective: str, needed: Sequence[str], tensors: Mapping[str, object]
) -> None:
    """Make an error say in which term of which objective it was, and which of its tensors are None."""
    none = [f"`{name}`" for name in needed if tensors.get(name) is None]
    found = f", which was given None as {', '.join(none)}" if none else ""
    error.add_note(f"in the term `{term}` of the objective `{objective}`{found}")


def refuse_tensors(
    objective: str,
    given: Sequence[str],
    due: Mapping[str, Sequence[str]],
    known: Sequence[str],
    unnamed: int,
) -> None:
    """Raise if a tensor is missing or unknown in a call of an objective, or has no name.

    Args:
        objective: its name.
        given: the names of the call.
        due: for each tensor that is due, the terms that take it.
        known: every name that a term of the objective takes.
        unnamed: how many were given without a name.
    """
    if unnamed:
        named = ", ".join(f"{name}=..." for name in due)
        raise LossInputError(
            f"the objective `{objective}` takes tensors by name, found {unnamed} without one: "
            f"call it by name, `objective({named})`"
        )
    for name in given:
        if name not in known:
            raise UnknownNameError(unknown("tensor", name, known, f" in the call of objective `{objective}`"))
    for name, terms in due.items():
        if name not in given:
            takers = ", ".join(f"`{term}`" for term in terms)
            raise LossInputError(
                f"the objective `{objective}` misses the tensor `{name}`, which is due for {takers}: "
                f"call it with `{name}=...`"
            )
