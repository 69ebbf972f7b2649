"""Live losses as a document: what a spec would say to build them, for ``lossspec export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from attrs import evolve

from lossspec.errors import LossSpecError
from lossspec.language.model import Input, Term
from lossspec.language.write import terms_to_table
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.loss.messages import describe
from lossspec.registry import load, types
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.registry import Argument, LossType

_UNREADABLE = object()


def document_of(losses: Mapping[str, LMLoss]) -> dict[str, object]:
    """Return the document that builds these losses: types by name, arguments as the modules hold them.

    A loss that comes from a spec is written as the spec has it, with the weight that it has now. Of any
    other the registry must know the class, and its inputs get the names that the class gives them.

    Raises:
        LossSpecError: a loss that no spec can say, by name and why.

    >>> from lossspec.manager import LMLoss
    >>> document_of({"l1": LMLoss("l1", torch.nn.L1Loss(reduction="sum"))})["losses"]
    {'l1': {'type': 'torch.L1Loss', 'inputs': ['input', 'target'], 'args': {'reduction': 'sum'}}}
    """
    return {"losses": terms_to_table({name: _term(name, loss) for name, loss in losses.items()})}


def _term(name: str, loss: LMLoss) -> Term:
    if name != loss.name:
        raise LossSpecError(f"the key `{name}` holds the loss `{loss.name}`: give them one name")
    weight = _weight(loss)
    if loss.term is not None:
        return evolve(loss.term, weight=weight, tags=loss.tags)
    entry = _entry(loss)
    inputs = tuple(Input(name=each.name) for each in entry.inputs if each.required)
    return Term(name, entry.name, inputs, _args(loss, entry), weight, tags=loss.tags)


def _weight(loss: LMLoss) -> float | Schedule:
    schedule = loss.schedule
    if schedule is None:
        return float(loss.loss_weight)
    if not isinstance(schedule, Schedule):
        raise LossSpecError(
            f"the weight of `{loss.name}` is moved by {describe(schedule)}, which no spec can say: "
            "use a schedule of `lossspec.schedules`"
        )
    return schedule if schedule.unit else evolve(schedule, unit="epoch")


def _entry(loss: LMLoss) -> LossType:
    """Find the loss type whose code a live loss is: the class of a module, or a function itself."""
    code = type(loss.function) if isinstance(loss.function, torch.nn.Module) else loss.function
    library = str(getattr(code, "__module__", "")).partition(".")[0]
    name = getattr(code, "__name__", "")
    for entry in types(library).values():
        if entry.target.endswith(f":{name}") and load(entry) is code:
            return entry
    raise LossSpecError(
        f"`{loss.name}` is {describe(loss.function)}, which the registry does not know: register its class "
        "with `@lossspec.register_loss`"
    )


def _args(loss: LMLoss, entry: LossType) -> dict[str, object]:
    args: dict[str, object] = {}
    if not isinstance(loss.function, torch.nn.Module):  # a function has what its library takes by default
        return args
    for name, argument in entry.args.items():
        value = _value(getattr(loss.function, name, _UNREADABLE), argument)
        if value is _UNREADABLE or (value is None and argument.default is not None):
            raise LossSpecError(
                f"`{loss.name}` can't be exported: its {entry.name} does not tell its argument `{name}`"
            )
        if value != argument.default:
            args[name] = value
    return args


def _value(value: object, argument: Argument) -> object:
    """Return what a module holds as a document would say it."""
    if isinstance(value, torch.Tensor):
        return value.tolist() if argument.tensor else _UNREADABLE
    value = list(value) if isinstance(value, tuple) else value
    return value if value is None or isinstance(value, bool | int | float | str | list) else _UNREADABLE


def exported(losses: Mapping[str, object]) -> dict[str, object] | None:
    """Return the document of live losses, for spec functions that return them; None for anything else."""
    live = {name: loss for name, loss in losses.items() if isinstance(loss, LMLoss)}
    if not live or len(live) < len(losses):
        return None
    return document_of(live)
