"""The private names of torch that the manager needs, in one place, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch.hub
from torch._C import _current_graph_task_id as graph_task

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HUB_FOLDER", "NO_BACKWARD", "graph_task", "in_backward", "on_host", "recompile_limit"]

#: ``graph_task()`` outside of any backward; torch.utils.checkpoint asks the same, and no public name exists.
NO_BACKWARD = -1

#: The name in ``torch.hub`` of the folder that is set. ``get_dir`` and ``set_dir`` cannot restore "not set".
HUB_FOLDER = "_hub_dir"

_Function = TypeVar("_Function", bound="Callable[..., object]")


def in_backward() -> bool:
    """Return whether a backward is running, where a checkpointed forward runs for the second time."""
    return graph_task() != NO_BACKWARD


def on_host(function: _Function) -> _Function:
    """Have a compiled graph run ``function`` on the host, once, while the graph is made.

    It does what ``torch.compiler.assume_constant_result`` does, without the import of ``torch._dynamo``.
    That takes half as long as torch itself, also in runs that never compile.
    """
    marked: Any = function
    marked._dynamo_marked_constant = True  # noqa: SLF001 - what that function sets
    return function


def recompile_limit() -> int:
    """Return how many graphs torch makes of one function; call it only when there is a graph."""
    limit: int = torch._dynamo.config.recompile_limit  # noqa: SLF001 - the documented name
    return limit
