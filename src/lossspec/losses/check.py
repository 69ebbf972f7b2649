"""Checks of a loss's arguments and inputs; each message names the loss and the shapes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from lossspec.errors import CheckpointError, LossInputError, UnknownNameError
from lossspec.names import type_name, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

Word = TypeVar("Word", bound=str)


def check_layout(loss: nn.Module, layout: str, **tensors: Tensor) -> None:
    """Refuse a tensor without elements, or with another number of dimensions than ``layout``.

    Args:
        loss: the loss that calls, for the message.
        layout: the names of the dimensions, ``"(N, C, H, W)"``; ``"(*)"`` is any number of them.
        **tensors: the tensors by the names of the loss's inputs.

    Raises:
        LossInputError: a tensor has another number of dimensions, or is empty, so its mean would be NaN.
    """
    dimensions = layout.count(",") + 1
    for name, tensor in tensors.items():
        if layout != "(*)" and tensor.dim() != dimensions:
            raise LossInputError(f"{_name(loss)} expects `{name}` as {layout}, got {_shape(tensor)}")
        if tensor.numel() == 0:
            raise LossInputError(f"{_name(loss)} got an empty `{name}`: {_shape(tensor)}")


def check_alike(loss: nn.Module, layout: str, **tensors: Tensor) -> None:
    """Check the layout, and refuse tensors of different shapes, which could broadcast by mistake.

    Raises:
        LossInputError: as ``check_layout``, or the shapes differ.
    """
    check_layout(loss, layout, **tensors)
    (first, *others) = tensors.values()
    if any(other.shape != first.shape for other in others):
        got = ", ".join(f"`{name}` {_shape(tensor)}" for name, tensor in tensors.items())
        raise LossInputError(f"{_name(loss)} expects tensors of the same shape, got {got}")


def check_positive(loss: nn.Module, **arguments: float) -> None:
    """Refuse an argument that is not above 0.

    Raises:
        LossInputError: an argument is 0, negative or NaN.
    """
    for name, value in arguments.items():
        if not value > 0:
            raise LossInputError(f"{_name(loss)} needs {name} > 0, got {name} = {value}")


def check_share(loss: nn.Module, **arguments: float) -> None:
    """Refuse an argument that is not between 0 and 1, both included.

    Raises:
        LossInputError: an argument is below 0, above 1 or NaN.
    """
    for name, value in arguments.items():
        if not 0 <= value <= 1:
            raise LossInputError(f"{_name(loss)} needs 0 <= {name} <= 1, got {name} = {value}")


def check_finite(loss: nn.Module, **arguments: float) -> None:
    """Refuse an argument that is infinite or NaN.

    Raises:
        LossInputError: an argument is not finite.
    """
    for name, value in arguments.items():
        if not math.isfinite(value):
            raise LossInputError(f"{_name(loss)} needs a finite {name}, got {name} = {value}")


def _name(loss: nn.Module) -> str:
    return type(loss).__name__


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def chosen(argument: str, word: str, words: Iterable[Word]) -> Word:
    """Return ``word``, which must be one of ``words``.

    Raises:
        UnknownNameError: it is not; the message has the nearest one.

    >>> chosen("mode", "hinge", ("vanilla", "hinge"))
    'hinge'
    """
    known = tuple(words)
    for each in known:
        if each == word:
            return each
    raise UnknownNameError(unknown(argument, word, known))


def whole(value: object, name: str) -> int:
    """Return a number of a saved state, which must be a whole number of at least 0.

    Raises:
        CheckpointError: it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise CheckpointError(f"`{name}` must be a whole number of at least 0, got {type_name(value)}")
    return value
