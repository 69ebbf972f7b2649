"""Modules for losses that their library ships as functions, or that return a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import nn

from lossspec.errors import RegistrationError

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionLoss(nn.Module):
    """A function and its keyword arguments, as a module.

    Each argument is an attribute of the module: setting it changes the next call, and a tensor (class
    weights) moves with ``.to()``.

    Args:
        function: takes the loss's inputs, by position or by name, then the arguments by keyword.
        **arguments: its keyword arguments.

    Raises:
        RegistrationError: an argument has the name of something that every module has (``training``, ``to``).

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
                    f"the function `{function.__name__}` has an argument `{name}`, a name that every module "
                    "uses: wrap it in a class or rename the argument"
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
        """Show the function and its arguments where the module is printed."""
        shown = [f"{name}={getattr(self, name)}" for name in self._names]
        return ", ".join([self._function.__name__, *shown])


class Reduced(nn.Module):
    """The mean or the sum of what another loss returns.

    Args:
        loss: returns a tensor of any shape.
        reduction: how its elements are combined.

    Example:
        >>> Reduced(nn.L1Loss(reduction="none"), "sum")(torch.ones(2, 2), torch.zeros(2, 2))
        tensor(4.)
    """

    def __init__(self, loss: nn.Module, reduction: Literal["mean", "sum"]) -> None:
        super().__init__()
        self.loss = loss
        self.reduction = reduction

    def forward(self, *inputs: object, **named: object) -> torch.Tensor:
        """Call the loss and combine its elements into a scalar."""
        result = cast("torch.Tensor", self.loss(*inputs, **named))
        return result.mean() if self.reduction == "mean" else result.sum()
