"""A linear map with its transpose, differentiable as often as wanted.

Autograd differentiates slices and additions one by one, and each slice pays for a zeroed copy of the
whole image. A linear map needs none of that: its derivative is the map itself, and its gradient is its
transpose, which can be written as plainly as the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Map: TypeAlias = Callable[[Tensor], Tensor]


class _Context(Protocol):
    map: Map
    transpose: Map


class _LinearMap(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(tensor: Tensor, forward_map: Map, _transpose: Map) -> Tensor:
        return forward_map(tensor)

    @staticmethod
    def setup_context(ctx: _Context, inputs: tuple[Tensor, Map, Map], output: Tensor) -> None:  # noqa: ARG004 - autograd's
        _, ctx.map, ctx.transpose = inputs

    @staticmethod
    def backward(ctx: _Context, *grads: Tensor) -> tuple[Tensor, None, None]:
        return apply_linear(grads[0], ctx.transpose, ctx.map), None, None


def apply_linear(tensor: Tensor, forward_map: Map, transpose: Map) -> Tensor:
    """Return ``forward_map(tensor)``; gradients flow through ``transpose``.

    Both are plain functions of one tensor; they may write into tensors that they made themselves. A compiler
    differentiates the map by itself: it fuses the slices, and is spared torch's autograd functions.

    >>> def double(x): return 2 * x
    >>> x = torch.ones(3, requires_grad=True)
    >>> apply_linear(x, double, double).sum().backward()
    >>> x.grad
    tensor([2., 2., 2.])
    """
    if torch.compiler.is_compiling():
        return forward_map(tensor)
    return cast("Tensor", _LinearMap.apply(tensor, forward_map, transpose))  # type: ignore[no-untyped-call]
