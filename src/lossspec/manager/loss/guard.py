"""Keeps NaN out of the gradient of what a weight of 0 leaves out.

The gradient of an element of weight 0 is 0, but behind it the loss multiplies that by its own derivative, and
0 times NaN or infinity is NaN: the gradient of ``(x - y)²`` at a target of NaN, or of a square root at 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from lossspec.manager.torch_internals import on_host

if TYPE_CHECKING:
    from torch import Tensor


class _Guard(torch.autograd.Function):
    """Passes a tensor on; in backward, replaces NaN by 0 where the mask is true."""

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, _: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:  # noqa: ARG004
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        if _is_known_clean(gradient):
            return gradient, None
        return gradient.masked_fill(mask & gradient.isnan(), 0), None


class _GuardInGraph(_Guard):
    """The same without a read, which would split a graph."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return gradient.masked_fill(mask & gradient.isnan(), 0), None


def _in_graph(value: Tensor, mask: Tensor) -> object:
    found: object = _GuardInGraph.apply(value, mask)  # type: ignore[no-untyped-call]
    return found


@on_host
def _allow_in_graph() -> None:
    """Have a graph call ``_in_graph`` without a look inside.

    Where torch.compile traces an ``autograd.Function``, it makes an instance of one. torch deprecates that,
    which is an error where warnings are errors.
    """
    torch.compiler.allow_in_graph(_in_graph)  # type: ignore[no-untyped-call]


def _is_known_clean(gradient: Tensor) -> bool:
    """Return whether a gradient on the CPU has no NaN, which one read tells; others are not read."""
    if not gradient.is_cpu:
        return False
    wide = torch.float32 if gradient.dtype in {torch.float16, torch.bfloat16} else gradient.dtype
    try:
        return math.isfinite(gradient.detach().sum(dtype=wide).item())
    except (RuntimeError, TypeError):  # in a transform of torch.func, or complex
        return False


def guarded(value: object, weights: object) -> object:
    """Return a tensor whose gradient is 0, not NaN, where its weight is 0.

    Args:
        value: an input of a loss. One whose leading dimensions are not those of the weights is returned as it
            is, as is one without gradient.
        weights: what weighs the elements of the loss, in the shape of their leading dimensions.

    >>> x, y = torch.tensor([1.0, 1.0], requires_grad=True), torch.tensor([3.0, torch.nan])
    >>> w = torch.tensor([1, 0])
    >>> ((guarded(x, w) - y) ** 2).masked_fill(w == 0, 0).sum().backward()
    >>> x.grad
    tensor([-4.,  0.])
    """
    if not isinstance(value, torch.Tensor) or not isinstance(weights, torch.Tensor):
        return value
    if not (value.requires_grad and torch.is_grad_enabled()) or weights.dim() > value.dim():
        return value
    for size, of_value in zip(weights.shape, value.shape, strict=False):
        if size not in (1, of_value):
            return value
    mask = weights.detach() == 0
    mask = mask.reshape(mask.shape + (1,) * (value.dim() - mask.dim()))
    if torch.compiler.is_compiling():
        _allow_in_graph()
        return _in_graph(value, mask)
    found: object = _Guard.apply(value, mask)  # type: ignore[no-untyped-call]
    return found
