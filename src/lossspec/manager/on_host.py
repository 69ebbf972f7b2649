"""Marks what runs on the host while a graph is compiled, without importing the compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., object]")


def on_host(function: _Function) -> _Function:
    """Let a compiled graph run ``function`` on the host, once, while the graph is made.

    It is ``torch.compiler.assume_constant_result`` without its import of ``torch._dynamo``, which takes half
    as long as torch itself, in runs that never compile.
    """
    cast("_Markable", function)._dynamo_marked_constant = True  # noqa: SLF001 - what that function sets
    return function


class _Markable:
    _dynamo_marked_constant: bool
