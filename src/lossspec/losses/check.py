"""Checks of arguments and tensors; each message names the loss and the shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lossspec.errors import LossInputError, UnknownNameError
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

Word = TypeVar("Word", bound=str)


def check_layout(loss: nn.Module, layout: str, **tensors: Tensor) -> None:
    """Refuse a tensor that has another number of dimensions than ``layout``, or no elements.

    Args:
        loss: the loss that asks, for the message.
        layout: the names of the dimensions, ``"(N, C, H, W)"``; ``"(*)"`` is any number of them.
        **tensors: the tensors by the names of the loss's inputs.

    Raises:
        LossInputError: a tensor is of another shape, or holds nothing: its mean is no number.
    """
    dimensions = layout.count(",") + 1
    for name, tensor in tensors.items():
        if layout != "(*)" and tensor.dim() != dimensions:
            raise LossInputError(f"{_name(loss)} expects `{name}` as {layout}, found {_shape(tensor)}")
        if tensor.numel() == 0:
            raise LossInputError(f"{_name(loss)} got an empty `{name}`: {_shape(tensor)}")


def check_alike(loss: nn.Module, **tensors: Tensor) -> None:
    """Refuse tensors of different shapes: broadcasting would hide a mistake."""
    (first, *others) = tensors.values()
    if any(other.shape != first.shape for other in others):
        found = ", ".join(f"`{name}` {_shape(tensor)}" for name, tensor in tensors.items())
        raise LossInputError(f"{_name(loss)} expects tensors of one shape, found {found}")


def _name(loss: nn.Module) -> str:
    return type(loss).__name__


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def chosen(argument: str, word: str, words: Iterable[Word]) -> Word:
    """Return ``word``, which must be one of ``words``.

    Raises:
        UnknownNameError: it is none of them; the message has the nearest one.

    >>> chosen("mode", "hinge", ("vanilla", "hinge"))
    'hinge'
    """
    known = tuple(words)
    for each in known:
        if each == word:
            return each
    raise UnknownNameError(unknown(argument, word, known))
