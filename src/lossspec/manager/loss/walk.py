"""Walks the inputs of losses: tensors in lists, tuples, named tuples and mappings, nested in any way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import torch

from lossspec.errors import LossInputError
from lossspec.manager.loss.messages import LISTS, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether a value is a list of tensors; a sequence of numbers, such as lengths, is not one.

    >>> is_list([torch.ones(1)]), is_list((12, 10)), is_list([])
    (True, False, True)
    """
    return isinstance(value, LISTS) and not _is_numbers(value)


def _is_numbers(values: list[Any] | tuple[Any, ...]) -> bool:
    return len(values) > 0 and all(
        _is_numbers(each) if isinstance(each, LISTS) else _is_number(each) for each in values
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (
        not isinstance(value, torch.Tensor) and hasattr(value, "__float__")
    )


def tensors_in(values: Iterable[object]) -> Iterator[torch.Tensor]:
    """Yield every tensor of some values.

    >>> [*tensors_in([{"a": torch.tensor(1)}, (torch.tensor(2), 3)])]
    [tensor(1), tensor(2)]
    """
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, Mapping):
            yield from tensors_in(value.values())
        elif isinstance(value, LISTS):
            yield from tensors_in(value)


def first_tensor(values: Iterable[object]) -> torch.Tensor | None:
    """Return the first tensor of some values, or None; torch.compile traces it, unlike a generator."""
    for value in values:
        if isinstance(value, torch.Tensor):
            return value
        found = None
        if isinstance(value, Mapping):
            found = first_tensor(value.values())
        elif isinstance(value, LISTS):
            found = first_tensor(value)
        if found is not None:
            return found
    return None


def device_of(values: Iterable[object]) -> torch.device | None:
    """Return the device of the first tensor of some values, or None."""
    found = first_tensor(values)
    return None if found is None else found.device


def detached(value: object) -> object:
    """Return a value whose tensors are detached from their graph; its lists and mappings are copies.

    Raises:
        LossInputError: it holds something else than tensors, numbers and strings, in which a graph can hide.

    >>> x = torch.ones(1, requires_grad=True)
    >>> detached({"features": (x * 2, [x])})
    {'features': (tensor([2.]), [tensor([1.])])}
    """
    return mapped(_detached, value)


def mapped(function: Callable[[object], object], value: object) -> object:
    """Return a value with ``function`` of everything in it that is not a list, a tuple or a mapping."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, Mapping):
        items = {key: mapped(function, each) for key, each in value.items()}
        if type(value) is dict or not isinstance(value, dict):
            return items
        made = copy.copy(value)  # an OrderedDict, or the output of a model of transformers
        for key, each in items.items():
            made[key] = each
        return made
    if isinstance(value, LISTS):
        parts = [mapped(function, each) for each in value]
        if isinstance(value, list):
            return parts
        make = getattr(value, "_make", None)  # of a named tuple
        return tuple(parts) if make is None else make(parts)
    return function(value)


def _detached(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return value.detach()
    if value is None or isinstance(value, int | float | str) or hasattr(value, "__array__"):
        return value
    detach = getattr(value, "detach", None)  # of a container of another library
    if callable(detach):
        return cast("object", detach())
    raise LossInputError(
        f"cannot detach {describe(value)}: pass tensors, or lists, tuples or mappings of tensors"
    )


def constant_like(like: object, value: float, constant: str) -> object:
    """Return what a number in a spec becomes beside its first tensor, or one for each tensor in its place.

    Args:
        like: the first tensor, or a list or mapping of tensors.
        value: the number.
        constant: as in the catalogue: ``"like"``, ``"class"`` or ``"item"``.

    Raises:
        LossInputError: there is no tensor, or it has no dimension of classes.

    >>> constant_like(torch.zeros(2, 3), 1, "like")
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    >>> constant_like(torch.zeros(2, 3), 1, "class"), constant_like(torch.zeros(2, 3), -1, "item")
    (tensor([1, 1]), tensor([-1., -1.]))
    """
    return mapped(lambda each: _constant(each, value, constant), like)


def _constant(like: object, value: float, constant: str) -> torch.Tensor:
    if not isinstance(like, torch.Tensor):
        raise LossInputError(f"the input {value} takes the shape of the first tensor, but there is no tensor")
    is_floating = like.is_floating_point() or like.is_complex()
    dtype = like.dtype if is_floating else torch.get_default_dtype()
    if constant == "like":
        return torch.full_like(like, value, dtype=dtype)
    if like.dim() == 0:
        message = f"the input {value} needs a first tensor of at least 1 dimension, got {describe(like)}"
        raise LossInputError(message)
    shape = like.shape[:1] if like.dim() > 1 else like.shape[:0]
    if constant == "item":
        return torch.full(shape, value, dtype=dtype, device=like.device)
    return torch.full((*shape, *like.shape[2:]), int(value), dtype=torch.int64, device=like.device)
