"""Messages for failed calls of losses and objectives: what was expected and what was passed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, LossResultError, UnknownNameError
from lossspec.names import type_name, unknown, with_article
from lossspec.scalars import repr_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

#: The types of a list of tensors; torch.compile supports `list | tuple` only since 2.9.
LISTS = (list, tuple)

Function = Callable[..., torch.Tensor]


def describe(value: object) -> str:
    """Describe a value for a message: its type, and its shape or value.

    >>> describe(torch.zeros(1, 3)), describe([torch.zeros(2)]), describe(0.5)
    ('a float32 tensor of shape (1, 3)', 'a list of 1', 'the float 0.5')
    """
    if isinstance(value, torch.Tensor):
        place = "" if value.is_cpu else f" on {value.device}"
        kind = with_article(str(value.dtype).removeprefix("torch."))
        return f"{kind} tensor of shape {tuple(value.shape)}{place}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, bool | int | float | str):
        return f"the {type(value).__name__} {repr_of(value)}"
    return "None" if value is None else type_name(value)


def not_a_tensor(name: str, result: object) -> LossResultError:
    """Return the error for a loss that does not return a tensor.

    >>> str(not_a_tensor("a", None)), str(not_a_tensor("a", 0.5))
    ('`a` must return a tensor, got None', '`a` must return a tensor, got the float 0.5')
    """
    message = f"`{name}` must return a tensor, got {describe(result)}"
    if isinstance(result, list | tuple | dict):
        message += ": wrap it in a function that returns one tensor, and register that"
    return LossResultError(message)


def add_loss_note(error: Exception, name: str, function: Function, inputs: Sequence[object]) -> None:
    """Add to an error of a loss which loss it was and what it was called with.

    Raises:
        LossInputError: instead of the error, if the number of inputs is wrong.
    """
    wrong = wrong_number_of_inputs(name, function, inputs) if isinstance(error, TypeError) else None
    if wrong is not None:
        try:
            raise wrong from None
        finally:
            del wrong  # a cycle of error and frame would keep the inputs alive
    error.add_note(f"in the loss `{name}`, called with {', '.join(map(describe, inputs)) or 'nothing'}")


def read_wrapped(raw: torch.Tensor, name: str) -> float:
    """Read a scalar that ``tolist()`` cannot: within a transform of torch.func, before torch 2.9.

    Raises:
        RuntimeError: it cannot be read; a note names the loss and the likely reason.
    """
    try:
        return raw.item()
    except RuntimeError as error:
        error.add_note(
            f"while the value of the loss `{name}` was recorded. Within `torch.func.vmap` a loss has a value "
            "for each sample, which cannot be recorded: call its function there, "
            f"`manager.get_registered_losses(strip=False)[{name!r}].function`"
        )
        raise


def wrong_number_of_inputs(name: str, function: Function, inputs: Sequence[object]) -> LossInputError | None:
    """Return the error if ``function`` does not accept that many inputs, else None."""
    parameters = _parameters(function.forward if isinstance(function, torch.nn.Module) else function)
    if parameters is None:
        return None
    taken = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    least, most = sum(each.default is each.empty for each in taken), len(taken)
    any_number = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    if least <= len(inputs) and (any_number or len(inputs) <= most):
        return None
    count = f"at least {least}" if any_number else f"{least} to {most}" if least < most else f"{most}"
    names = f" ({', '.join(f'`{each.name}`' for each in taken)})" if taken else ""
    noun = "input" if count in {"1", "at least 1"} else "inputs"
    return LossInputError(f"`{name}` expects {count} {noun}{names}, got {len(inputs)}")


def check_params(function: Callable[..., object], params: Mapping[str, object]) -> None:
    """Check that a spec function accepts these keyword arguments.

    Raises:
        UnknownNameError: it has no argument of this name; the message names the nearest.
    """
    arguments = _parameters(function)
    if arguments is None or any(each.kind is each.VAR_KEYWORD for each in arguments):
        return
    known = [each.name for each in arguments if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    of = f" of the spec function `{getattr(function, '__name__', describe(function))}`"
    for name in params:
        if name not in known:
            raise UnknownNameError(unknown("parameter", name, known, of))


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # compiled code can lack a signature
        return None


def add_term_note(
    error: Exception, term: str, objective: str, needed: Sequence[str], tensors: Mapping[str, object]
) -> None:
    """Add to an error in which term of which objective it was, and what its tensors were."""
    given = ", ".join(f"{describe(tensors.get(name))} as `{name}`" for name in needed)
    error.add_note(f"in the term `{term}` of the objective `{objective}`, with {given}")


def check_tensors(
    objective: str,
    given: Collection[str],
    needed_by: Mapping[str, Sequence[str]],
    known: Collection[str],
    positional: int,
) -> None:
    """Check the tensors of a call of an objective.

    Args:
        objective: its name.
        given: the names in the call.
        needed_by: for each tensor that is needed now, the terms that take it.
        known: every name that the spec has.
        positional: how many tensors were passed without a name.

    Raises:
        UnknownNameError: the spec has no tensor of this name.
        LossInputError: a tensor is missing, or has no name.
    """
    if positional:
        named = ", ".join(f"{name}=..." for name in needed_by)
        raise LossInputError(
            f"objective `{objective}` expects tensors by keyword, got {positional} by position: "
            f"call `objective({named})`, or `objective(**tensors)` with a dict"
        )
    for name in given:
        if name not in known:
            raise UnknownNameError(unknown("tensor", name, known, f" in the call of objective `{objective}`"))
    for name, terms in needed_by.items():
        if name not in given:
            takers = ", ".join(f"`{term}`" for term in terms)
            raise LossInputError(f"objective `{objective}` is missing tensor `{name}`, needed by {takers}")
