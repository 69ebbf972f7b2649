"""What gradients are taken at: tensors of the call by name, tensors, parameters or modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss.walk import tensors_in
from lossspec.names import unknown

if TYPE_CHECKING:
    Wrt = str | torch.Tensor | nn.Module | Iterable["Wrt"] | None


def places(wrt: Wrt, tensors: Mapping[str, object]) -> tuple[list[torch.Tensor], str]:
    """Return the tensors that gradients are taken at, and words for them.

    Args:
        wrt: the name of a tensor of the call, a tensor, a module for its parameters, several of these, or
            None for the tensors of the call that require gradients.
        tensors: those of the call.

    Raises:
        UnknownNameError: the call has no tensor of this name.
        LossInputError: nothing there requires a gradient, or ``wrt`` is something else.
    """
    if wrt is None:
        names = [name for name, value in tensors.items() if any(map(_requires_grad, tensors_in([value])))]
        if not names:
            raise LossInputError(
                "no tensor of the call requires a gradient: pass `wrt=`, such as a module or its parameters, "
                "or call `requires_grad_()` on one of them"
            )
        wrt = names
    found = list(_found(wrt, tensors))
    if not found:
        got = describe(wrt)
        raise LossInputError(f"`wrt` has no tensors, got {got}: pass a tensor, a name of one, or a module")
    if not any(map(_requires_grad, found)):
        raise LossInputError(
            f"{_words(wrt)} does not require a gradient: call `requires_grad_()` on it first"
        )
    return [each for each in found if each.requires_grad], _words(wrt)


def _found(wrt: Wrt, tensors: Mapping[str, object]) -> Iterable[torch.Tensor]:
    if isinstance(wrt, str):
        if wrt not in tensors:
            raise LossInputError(unknown("tensor", wrt, tensors, " in the call"))
        yield from tensors_in([tensors[wrt]])
    elif isinstance(wrt, torch.Tensor):
        yield wrt
    elif isinstance(wrt, nn.Module):
        yield from wrt.parameters()
    elif isinstance(wrt, Iterable):
        for each in wrt:
            yield from _found(each, tensors)
    else:
        raise LossInputError(
            f"`wrt` must be a tensor, a name of one, a module, or several of these, got {describe(wrt)}"
        )


def _requires_grad(tensor: torch.Tensor) -> bool:
    return tensor.requires_grad


def _words(wrt: Wrt) -> str:
    if isinstance(wrt, str):
        return f"`{wrt}`"
    if isinstance(wrt, nn.Module):
        return f"the parameters of {type(wrt).__name__}"
    if isinstance(wrt, list) and all(isinstance(each, str) for each in wrt):
        return ", ".join(f"`{each}`" for each in wrt)
    return "the given tensor" if isinstance(wrt, torch.Tensor) else "the given tensors"
