"""Says what a live loss is in a spec: by its class in the registry, or as one of a peer's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from lossspec.convert.code.nectargan import CLASSES, schedule_of
from lossspec.convert.options import NotCarriedError, as_float
from lossspec.convert.peers.part import Part
from lossspec.errors import LossSpecError
from lossspec.names import type_name
from lossspec.registry import find
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.convert.code.collect import Found


def translate(found: Found) -> tuple[Part, dict[str, str]]:
    """Return what a live loss is, and what each of its inputs is.

    Raises:
        NotCarriedError: its class is unknown or does not keep its arguments, or its weight is not a number.
    """
    part = _part(found)
    entry = find(part.type)
    inputs = {each.name: each.shape for each in entry.inputs if each.required} if entry else {}
    if isinstance(found.schedule, Schedule):
        moved = found.schedule if found.schedule.unit else evolve(found.schedule, unit="epoch")
        return evolve(part, weight=dict(moved.to_table())), inputs
    schedule = schedule_of(found.schedule)
    if schedule is not None:
        why = "its Schedule, one epoch early, as NectarGAN's trainer runs it"
        return evolve(part, weight=schedule).sourced("weight.type", why), inputs
    if isinstance(found.weight, bool) or not isinstance(found.weight, int | float):
        raise NotCarriedError(f"its weight must be a number, got {type_name(found.weight)}")
    return evolve(part, weight=as_float(found.weight)).sourced(
        "weight", found.source or "no weight given"
    ), inputs


def _part(found: Found) -> Part:
    kind = type(found.function)
    path = f"{kind.__module__}.{kind.__qualname__}"
    if own := CLASSES.get(path):
        return own.sourced("type", path)
    from lossspec import LMLoss  # imports torch

    try:
        term = LMLoss(found.name, _callable(found.function)).to_term()
    except LossSpecError as error:
        raise NotCarriedError(str(error).removeprefix(f"cannot export `{found.name}`: ")) from error
    return Part(term.type, args=dict(term.args)).sourced("type", path)


def _callable(function: object) -> Callable[..., Any]:
    if not callable(function) or isinstance(function, type):
        raise NotCarriedError(f"it must be a module or a function, got {function!r}")
    return function
