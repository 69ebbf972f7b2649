"""Linear maps with an explicit transpose, differentiable any number of times.

Autograd differentiates slices and additions one by one, and each slice costs a zeroed copy of the whole
image. The derivative of a linear map is the map itself, and its gradient is its transpose, so neither
needs autograd.
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
    def setup_context(ctx: _Context, inputs: tuple[Tensor, Map, Map], _output: Tensor) -> None:
        _, ctx.map, ctx.transpose = inputs

    @staticmethod
    def backward(ctx: _Context, *grads: Tensor) -> tuple[Tensor, None, None]:
        return apply_linear(grads[0], ctx.transpose, ctx.map), None, None


def apply_linear(tensor: Tensor, forward_map: Map, transpose: Map) -> Tensor:
    """Return ``forward_map(tensor)``; gradients flow through ``transpose``.

    Both are functions of one tensor; they can write into tensors that they made themselves. Under
    ``torch.compile`` the map is differentiated by the compiler, which fuses the slices.

    >>> def double(x): return 2 * x
    >>> x = torch.ones(3, requires_grad=True)
    >>> apply_linear(x, double, double).sum().backward()
    >>> x.grad
    tensor([2., 2., 2.])
    """
    if torch.compiler.is_compiling():
        return forward_map(tensor)
    return cast("Tensor", _LinearMap.apply(tensor, forward_map, transpose))  # type: ignore[no-untyped-call]
