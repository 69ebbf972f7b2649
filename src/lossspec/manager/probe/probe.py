"""Probes an objective at one batch; the training, its log and its clock stay as they are."""

from __future__ import annotations

import copy
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError
from lossspec.manager.probe.result import Probe, ProbedTerm, pairs
from lossspec.manager.probe.wrt import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.manager.objective.objective import Objective
    from lossspec.manager.probe.wrt import Wrt

Gradient = list[torch.Tensor | None]


def probe(objective: Objective, wrt: Wrt, tensors: Mapping[str, object]) -> Probe:
    """Return what each term that runs now does at one batch.

    The gradient of a term is that of its weighted value, w L, where w is its applied weight.

    Args:
        objective: the objective.
        wrt: what gradients are taken at: see ``places``.
        tensors: those of the call.

    Raises:
        LossInputError: no term depends on ``wrt``, or the call does not suit the objective.
    """
    at, words = places(wrt, tensors)
    with untouched(objective), torch.enable_grad():
        values, weights = objective.probed(tensors)
        gradients = [_gradient(value, weights[name], at) for name, value in values.items()]
    names = list(values)
    if names and all(each is None for gradient in gradients for each in gradient):
        raise LossInputError(
            f"no term of `{objective.name}` depends on {words}: pass the tensors that the losses are "
            "computed from, before they are detached"
        )
    norms = [_norm(gradient) for gradient in gradients]
    weighted = [float(value.detach()) * weights[name] for name, value in values.items()]
    sizes, of_norms = sum(map(abs, weighted)), sum(norms)
    terms = [
        ProbedTerm(
            name,
            float(values[name].detach()),
            weights[name],
            product,
            abs(product) / sizes if sizes else 0.0,
            norm,
            norm / of_norms if of_norms else 0.0,
        )
        for name, product, norm in zip(names, weighted, norms, strict=True)
    ]
    by_name = dict(zip(names, gradients, strict=True))
    cosines = {(a, b): _cosine(by_name[a], by_name[b]) for a, b in pairs(names)}
    return Probe(objective.name, words, tuple(terms), sum(weighted), cosines)


def _gradient(value: torch.Tensor, weight: float, at: Sequence[torch.Tensor]) -> Gradient:
    """Return the gradient of a weighted value at each place; None where it does not depend on it."""
    if not value.requires_grad or weight == 0.0:
        return [None] * len(at)
    found: Sequence[torch.Tensor | None] = torch.autograd.grad(
        value, at, retain_graph=True, allow_unused=True
    )
    return [None if each is None else each.detach() * weight for each in found]


def _dot(first: Gradient, second: Gradient) -> float:
    products = (
        torch.sum(a.double() * b.double())
        for a, b in zip(first, second, strict=True)
        if a is not None and b is not None
    )
    return float(sum(products, torch.zeros((), dtype=torch.float64)))


def _norm(gradient: Gradient) -> float:
    squares = _dot(gradient, gradient)
    return math.sqrt(squares) if squares >= 0.0 else math.nan


def _cosine(first: Gradient, second: Gradient) -> float:
    norms = _norm(first) * _norm(second)
    return _dot(first, second) / norms if norms and math.isfinite(norms) else math.nan


@contextmanager
def untouched(objective: Objective) -> Iterator[None]:
    """Restore the state of the losses, and of the generators of torch, which a loss may use."""
    modules = {name: copy.deepcopy(module.state_dict()) for name, module in objective.named_children()}
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            children = dict(objective.named_children())
            for name, state in modules.items():
                children[name].load_state_dict(state)
