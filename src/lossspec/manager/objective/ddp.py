"""Finds parameters that get no gradient because a term is skipped: DistributedDataParallel waits for them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

from lossspec.manager.loss.select import lacks, select
from lossspec.manager.loss.walk import tensors_in
from lossspec.manager.objective.plan import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch.autograd.graph import Node

    from lossspec.language.model import Divisor, Input
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.plan import Plan
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
    skipped: Iterable[tuple[LMLoss, BoundTerm]],
    plan: Plan,
    *,
    tensors: Mapping[str, object],
    total: torch.Tensor,
    step: int,
) -> set[str]:
    """Warn of each skipped term whose tensors come from parameters that ``total`` does not reach.

    Args:
        objective: its name.
        skipped: the terms that are not in the total.
        plan: what runs in the call.
        tensors: all tensors of the call.
        total: the total of the other terms.
        step: the step of the clock.

    Returns:
        The names of the terms that it warned of.
    """
    reached = reached_parameters([total])
    warned: set[str] = set()
    for loss, term in skipped:
        given = [_part(tensors, each) for each in term.references if not getattr(each, "detach", False)]
        missed = reached_parameters(given) - reached
        if missed:
            warned.add(loss.name)
            if loss in plan.missing:
                why = f"`if_missing` leaves it out of a call without `{term.missing(tensors)}`"
                advice = (
                    "Pass its tensors in each call on each rank, with weights of 0 in `reduce` if need be"
                )
            else:
                why = reason(loss, step)
                advice = (
                    f'Set `at_zero = "compute"` in `[losses.{loss.name}]`, or compute only what '
                    "`objective.needed()` names"
                )
            warnings.warn(
                f"the term `{loss.name}` of the objective `{objective}` is not in its total, since {why}: "
                f"{len(missed)} parameters behind its tensors get no gradient from this objective, and "
                "DistributedDataParallel raises or hangs in the next step if nothing else reaches them. "
                f"{advice}, or use `find_unused_parameters=True`",
                RuntimeWarning,
                stacklevel=6,
            )
    return warned


def _part(tensors: Mapping[str, object], reference: Input | Divisor) -> object:
    """Return what a term takes of the tensors of a call, or None if it is missing."""
    value = tensors.get(str(reference.name))
    return None if lacks(value, reference.selectors) else select("a term", reference, value)
