"""Finds parameters that get no gradient because a term is skipped: DistributedDataParallel waits for them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

from lossspec.manager.loss.walk import tensors_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch.autograd.graph import Node

    from lossspec.manager.objective.term import BoundTerm


def reached_parameters(values: Iterable[object]) -> set[torch.Tensor]:
    """Return the parameters that a backward from these tensors, or lists and mappings of tensors, reaches."""
    found: set[torch.Tensor] = set()
    nodes: list[Node] = []
    for value in tensors_in(values):
        if isinstance(value, torch.nn.Parameter) and value.requires_grad:
            found.add(value)
        elif value.grad_fn is not None:
            nodes.append(value.grad_fn)
    seen = set(nodes)
    while nodes:
        node = nodes.pop()
        variable = getattr(node, "variable", None)  # an AccumulateGrad, at the end of a graph, has one
        if isinstance(variable, torch.nn.Parameter):
            found.add(variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                nodes.append(following)
    return found


def warn_of_missing_gradients(
    objective: str,
    skipped: Iterable[tuple[BoundTerm, str]],
    tensors: Mapping[str, object],
    total: torch.Tensor,
) -> None:
    """Warn of each skipped term whose tensors come from parameters that ``total`` does not reach.

    Args:
        objective: its name.
        skipped: the terms that are not in the total, each with the reason.
        tensors: all tensors of the call.
        total: the total of the other terms.
    """
    reached = reached_parameters([total])
    for term, reason in skipped:
        given = [tensors.get(each.name) for each in term.inputs if each.name is not None and not each.detach]
        missed = reached_parameters(given) - reached
        if missed:
            warnings.warn(
                f"the term `{term.name}` of the objective `{objective}` is not in its total, since {reason}: "
                f"{len(missed)} parameters behind its tensors get no gradient from this objective, and "
                "DistributedDataParallel raises or hangs in the next step if nothing else reaches them. Set "
                f'`at_zero = "compute"` in `[losses.{term.name}]`, or compute only what '
                "`objective.needed()` names, or use `find_unused_parameters=True`",
                RuntimeWarning,
                stacklevel=6,
            )
