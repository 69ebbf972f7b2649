"""Live losses as terms of a spec, for ``lossspec export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from attrs import evolve

from lossspec.errors import LossSpecError
from lossspec.language.model import Input, Term
from lossspec.manager.loss.messages import describe
from lossspec.registry import load, types
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from lossspec.manager.loss.curve import Curve
    from lossspec.manager.loss.messages import Function
    from lossspec.registry import Argument, LossType

_UNREADABLE = object()


def make_term(
    name: str, function: Function, loss_weight: float, schedule: Curve | None, tags: tuple[str, ...]
) -> Term:
    """Return the term that builds a loss: its registered type, and the arguments that its module holds.

    The inputs are named as the type names them.

    Raises:
        LossSpecError: the registry does not have the class, or an argument or the schedule has no TOML.
    """
    entry = _entry(name, function)
    inputs = tuple(Input(name=each.name) for each in entry.inputs if each.required)
    args = _args(name, function, entry)
    return Term(name, entry.name, inputs, args, spec_weight(name, loss_weight, schedule), tags=tags)


def spec_weight(name: str, loss_weight: float, schedule: Curve | None) -> float | Schedule:
    """Return the weight of a loss as a spec holds it.

    Raises:
        LossSpecError: the schedule is a function of the user's.
    """
    if schedule is None:
        return float(loss_weight)
    if not isinstance(schedule, Schedule):
        raise LossSpecError(
            f"cannot export `{name}`: its schedule must be one of `lossspec.schedules`, got "
            f"{describe(schedule)}"
        )
    return schedule if schedule.unit else evolve(schedule, unit="epoch")


def _entry(name: str, function: Function) -> LossType:
    """Return the loss type whose target is the class of a module, or a function itself."""
    code = type(function) if isinstance(function, torch.nn.Module) else function
    library = str(getattr(code, "__module__", "")).partition(".")[0]
    target = f":{getattr(code, '__name__', '')}"
    for entry in types(library).values():
        if entry.target.endswith(target) and load(entry) is code:
            return entry
    raise LossSpecError(
        f"cannot export `{name}`: {describe(function)} is not in the registry; register its class with "
        "`@lossspec.register_loss`"
    )


def _args(name: str, function: Function, entry: LossType) -> dict[str, object]:
    args: dict[str, object] = {}
    if not isinstance(function, torch.nn.Module):  # a plain function uses its library's defaults
        return args
    for key, argument in entry.args.items():
        value = _value(getattr(function, key, _UNREADABLE), argument)
        if value is _UNREADABLE or (value is None and argument.default is not None):
            raise LossSpecError(
                f"cannot export `{name}`: {entry.name} does not keep its argument `{key}` as an attribute"
            )
        if value != argument.default:
            args[key] = value
    return args


def _value(value: object, argument: Argument) -> object:
    if isinstance(value, torch.Tensor):
        return value.tolist() if argument.tensor else _UNREADABLE
    value = list(value) if isinstance(value, tuple) else value
    return value if value is None or isinstance(value, bool | int | float | str | list) else _UNREADABLE
