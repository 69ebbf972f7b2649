"""Reduces the elements of a loss to one number: the sum of weights times elements, divided by ``by``.

result = sum of w * e / d, where e are the elements, w their weights (1 by default), and d is the number of
elements, the sum of the expanded weights, the number of items, or a number.

Where a weight is exactly 0 the element is replaced by 0: NaN and infinity there reach neither the result nor
a gradient. Sums run in 32-bit floats or the wider type of the elements. Nothing is read from a device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from lossspec.errors import LossInputError, LossResultError, UnknownNameError
from lossspec.language.model import Divisor, Input, Reduce
from lossspec.manager.loss.guard import guarded
from lossspec.manager.loss.messages import describe, not_a_tensor
from lossspec.manager.loss.walk import detached
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.model import By
    from lossspec.manager.loss.loss import LMLoss


class Reducer:
    """Reduces the elements that one loss returns.

    Args:
        name: the name of the loss, for messages.
        reduce: what the spec says.
    """

    def __init__(self, name: str, reduce: Reduce) -> None:
        self.name = name
        self.by: By = reduce.by
        self.minimum = reduce.by.minimum if isinstance(reduce.by, Divisor) else None
        self.weights = reduce.weights.reference if reduce.weights is not None else None
        self.divisor = reduce.by.reference if isinstance(reduce.by, Divisor) else None

    def __call__(self, elements: torch.Tensor, beside: Sequence[object] = ()) -> torch.Tensor:
        """Return a scalar in the type of the elements.

        Args:
            elements: what the loss returns with its own reduction off; the first dimension is the item.
            beside: the weights, if there are any: numbers or booleans in the shape of the leading dimensions
                of the elements, or of size 1 there; then the divisor, if it is a tensor: of one element, or a
                number.

        Raises:
            LossInputError: the shapes of weights and elements do not fit, or the divisor is not a number.
            LossResultError: the loss returned one number where items are needed.

        >>> from lossspec.language.model import Input, Reduce
        >>> reducer = Reducer("a", Reduce(weights=Input("w"), by="weights"))
        >>> reducer(torch.tensor([1.0, torch.nan, 3.0]), [torch.tensor([2, 0, 2])])
        tensor(2.)
        """
        if not isinstance(elements, torch.Tensor):
            raise not_a_tensor(self.name, elements)
        given, kind = elements, elements.dtype
        if not (kind.is_floating_point or kind.is_complex):
            kind = torch.get_default_dtype()
        wide = torch.float32 if kind in {torch.float16, torch.bfloat16} else kind
        weight: torch.Tensor | None = None
        if self.weights is not None:
            weight = self._leading(beside[0], elements)
            given = _weighed(elements, weight, wide)
        if self.by == "elements" and weight is None:
            return given.mean(dtype=wide).to(kind)
        total = given.sum(dtype=wide)
        if self.by == "elements":
            return (total / elements.numel()).to(kind)
        if self.by == "batch":
            return (total / self._items(elements)).to(kind)
        if self.by == "weights" and weight is not None:
            repeated = elements.numel() // max(weight.numel(), 1)
            return _quotient_or_zero(total, weight.sum(dtype=wide) * repeated).to(kind)
        if isinstance(self.by, Divisor):
            return (total / self._number(beside[-1], total)).to(kind)
        return total.to(kind) if self.by == 1.0 else (total / cast("float", self.by)).to(kind)

    def _leading(self, weights: object, elements: torch.Tensor) -> torch.Tensor:
        """Return weights whose shape fits the leading dimensions of the elements."""
        if isinstance(weights, bool | int | float):
            weights = torch.full((), weights, device=elements.device)
        if not isinstance(weights, torch.Tensor):
            raise LossInputError(
                f"`{self.name}` expects a tensor as weights `{self.weights}`, got {describe(weights)}"
            )
        fits = weights.dim() <= elements.dim()
        for size, of_elements in zip(weights.shape, elements.shape, strict=False):
            fits = fits and size in (1, of_elements)
        if not fits:
            found = f"the weights `{self.weights}` of shape {tuple(weights.shape)}"
            if elements.dim() == 0:
                raise LossResultError(
                    f"`{self.name}` returned one number, and {found} need its elements: use a loss that "
                    "returns them"
                )
            raise LossInputError(
                f"`{self.name}` cannot weigh elements of shape {tuple(elements.shape)} by {found}: weights "
                "must have the shape of the leading dimensions of the elements, or size 1 there"
            )
        if weights.device != elements.device and weights.dim() > 0:
            raise LossInputError(
                f"`{self.name}` expects weights `{self.weights}` on {elements.device}, got a tensor on "
                f"{weights.device}"
            )
        return weights

    def _items(self, elements: torch.Tensor) -> int:
        if elements.dim() == 0:
            raise LossResultError(
                f'`{self.name}` returned one number, and `reduce` by "batch" needs a dimension of items: use '
                "a loss that returns them"
            )
        return elements.shape[0]

    def _number(self, divisor: object, total: torch.Tensor) -> torch.Tensor | float:
        """Return what is divided by: a Python number, or a scalar in the type of the total."""
        least = self.minimum
        if isinstance(divisor, bool | int | float):
            return float(divisor) if least is None else max(float(divisor), least)
        if not isinstance(divisor, torch.Tensor) or divisor.numel() != 1:
            raise LossInputError(
                f"`{self.name}` expects a number or a tensor of one element as divisor `{self.divisor}`, got "
                f"{describe(divisor)}"
            )
        number = divisor.reshape(()).to(total)
        return number if least is None else number.clamp(min=least)


def _weighed(elements: torch.Tensor, weight: torch.Tensor, wide: torch.dtype) -> torch.Tensor:
    """Return weights times elements, already summed over the dimensions in which all elements weigh the same.

    So the elements are read once, and what follows is as small as the weights.
    """
    shape = weight.shape + (1,) * (elements.dim() - weight.dim())
    dims = [index for index, size in enumerate(shape) if size == 1]
    given = elements.sum(dim=dims, keepdim=True, dtype=wide) if dims else elements.to(wide)
    expanded = weight.reshape(shape)
    if weight.dtype is torch.bool:
        return given.masked_fill(expanded.logical_not(), 0)
    expanded = expanded.to(wide)
    return given.masked_fill(expanded == 0, 0) * expanded


def _quotient_or_zero(total: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Return a quotient; where the divisor is 0, 0 with a gradient of 0."""
    is_zero = by == 0
    return (total / by.masked_fill(is_zero, 1)).masked_fill(is_zero, 0)


class ReducedLoss:
    """A loss of a spec as ``compute_loss`` runs it: its function, then its ``reduce``, if it has one.

    Args:
        loss: the loss.
    """

    def __init__(self, loss: LMLoss) -> None:
        reduce = Reduce() if loss.term is None else loss.term.reduce or Reduce()
        self.name = loss.name
        self.function = loss.function
        self.reducer = Reducer(loss.name, reduce)
        given = reduce.weights, reduce.by
        self.names = [str(each.name) for each in given if isinstance(each, Input | Divisor)]
        self.detached = reduce.weights is not None and reduce.weights.detach

    def __call__(self, *inputs: object, **tensors: object) -> torch.Tensor:
        """Return the raw result, a scalar.

        Args:
            *inputs: those of the function.
            **tensors: the weights and the divisor, by the names of their tensors in the spec.

        Raises:
            UnknownNameError: it takes no tensor of this name.
            LossInputError: a tensor is missing, or does not fit.
        """
        for name in tensors:
            if name not in self.names:
                raise UnknownNameError(unknown("tensor", name, self.names, f" in `reduce` of `{self.name}`"))
        for name in self.names:
            if name not in tensors:
                raise LossInputError(
                    f"`{self.name}` is missing tensor `{name}`, which its `reduce` takes: pass `{name}=...`"
                )
        beside = [tensors[name] for name in self.names]
        if self.detached:
            beside[0] = detached(beside[0])
        if self.reducer.weights is not None:
            inputs = tuple(guarded(each, beside[0]) for each in inputs)
        return self.reducer(self.function(*inputs), beside)
