"""Wraps losses that a library ships as functions, or that return a map, in modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import nn

from lossspec.errors import RegistrationError

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionLoss(nn.Module):
    """A function and its keyword arguments, as a module.

    Each argument is an attribute of the module. Setting it changes the next call; a tensor, such as class
    weights, moves with ``.to()``.

    Args:
        function: takes the loss's inputs, by position or by name, then the arguments by keyword.
        **arguments: its keyword arguments.

    Raises:
        RegistrationError: an argument has the name of an attribute of every module, such as ``training``.

    Example:
        >>> from torch.nn.functional import smooth_l1_loss
        >>> loss = FunctionLoss(smooth_l1_loss, beta=0.5)
        >>> loss(torch.ones(2), torch.zeros(2))
        tensor(0.7500)
        >>> loss.beta = 1.0
        >>> loss(torch.ones(2), torch.zeros(2))
        tensor(0.5000)
    """

    def __init__(self, function: Callable[..., torch.Tensor], **arguments: object) -> None:
        super().__init__()
        self._function = function
        self._names = tuple(arguments)
        for name, value in arguments.items():
            if hasattr(self, name):
                raise RegistrationError(
                    f"the argument `{name}` of the function `{function.__name__}` has the name of an "
                    "attribute of every module: rename it, or wrap the function in a class"
                )
            if isinstance(value, torch.Tensor):
                self.register_buffer(name, value, persistent=False)
            else:
                setattr(self, name, value)

    def forward(self, *inputs: object, **named: object) -> torch.Tensor:
        """Call the function with ``inputs``, then ``named``, and the arguments."""
        arguments = {name: getattr(self, name) for name in self._names}
        return self._function(*inputs, **named, **arguments)

    def extra_repr(self) -> str:
        """Return the function and its arguments, for the module's repr."""
        shown = [f"{name}={getattr(self, name)}" for name in self._names]
        return ", ".join([self._function.__name__, *shown])


class Reduced(nn.Module):
    """The mean or the sum of the result of another loss.

    Args:
        loss: returns a tensor of any shape.
        reduction: how to combine its elements.

    Example:
        >>> Reduced(nn.L1Loss(reduction="none"), "sum")(torch.ones(2, 2), torch.zeros(2, 2))
        tensor(4.)
    """

    def __init__(self, loss: nn.Module, reduction: Literal["mean", "sum"]) -> None:
        super().__init__()
        self.loss = loss
        self.reduction = reduction

    def forward(self, *inputs: object, **named: object) -> torch.Tensor:
        """Return the mean or the sum of the elements, a scalar."""
        result = cast("torch.Tensor", self.loss(*inputs, **named))
        return result.mean() if self.reduction == "mean" else result.sum()
