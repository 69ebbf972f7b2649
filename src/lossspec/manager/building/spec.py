"""Builds the losses of a resolved spec: the one place where a name becomes code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError, RegistrationError, UnknownNameError
from lossspec.language.function import SpecFunction
from lossspec.language.load import load
from lossspec.language.model import Spec
from lossspec.manager.building.module import construct
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.loss.messages import describe, refuse_params
from lossspec.manager.objective.term import BoundTerm
from lossspec.names import unknown
from lossspec.registry import find, types
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from lossspec.language.model import Term
    from lossspec.registry import Argument, LossType

Reference = str | PathLike[str] | Spec
Losses = Callable[..., Mapping[str, LMLoss]]


def build(spec: Spec, *, downloads: bool = False) -> dict[str, LMLoss]:
    """Import the classes that ``spec`` uses, and no others, and make its losses.

    Args:
        spec: a resolved spec, from ``lossspec.load``.
        downloads: whether a loss may fetch its pretrained weights; else a local file must hold them. The
            caller says so, never a spec.

    Returns:
        The losses by name, in the order of the spec. The weights and balances of objectives are the
        manager's: ``LossManager.from_spec`` makes all of it.

    Raises:
        UnknownNameError: a type is not registered in this process.
        MissingExtraError: a library is not installed.
        MissingWeightsError: pretrained weights are not on this machine, and may not be fetched.
        LossSpecError: a constructor refuses its arguments.

    Example:
        >>> import lossspec
        >>> losses = lossspec.build(lossspec.load("pix2pix"))
        >>> losses["G_L1"].function, losses["G_L1"].weight
        (L1Loss(), 100.0)
    """
    return {name: _loss(term, spec.folder, downloads=downloads) for name, term in spec.losses.items()}


def bind(loss: LMLoss) -> BoundTerm:
    """Bind a loss that comes from a spec to its inputs."""
    term = loss.term
    if term is None:
        raise LossSpecError(f"`{loss.name}` does not come from a spec: run it with `compute_loss`")
    inputs = _entry(term).inputs
    by_name = {each.name: each.kind == "list" for each in inputs}
    in_order = list(by_name.values())
    takes_lists = [
        by_name.get(each.argument, False) if each.argument else index < len(in_order) and in_order[index]
        for index, each in enumerate(term.inputs)
    ]
    return BoundTerm(term, loss.function, takes_lists)


def losses_of(
    spec: Reference | Losses,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
    args: tuple[object, ...] = (),
    *,
    downloads: bool = False,
) -> tuple[Spec | None, Mapping[str, LMLoss]]:
    """Return the losses of whatever stands for a spec, and the spec, if there is one.

    Raises:
        SpecError: the spec is not found, not valid, or a param or a change does not fit it.
        UnknownNameError: a callable has no such argument.
        RegistrationError: a callable does not return losses, or a ``Spec`` is to be changed.
    """
    if isinstance(spec, Spec):
        if params or overlay:
            raise RegistrationError(
                f"`{spec.reference}` is resolved: give params and overlay to `lossspec.load` instead"
            )
        return spec, build(spec, downloads=downloads)
    if callable(spec):
        refuse_params(spec, params)
        returned = spec(*args, **params)
        if _holds_losses(returned) and not overlay:
            return None, _checked(returned)
        if not isinstance(spec, SpecFunction) or args:
            _checked(returned)
    resolved = load(spec if callable(spec) else str(spec), params, overlay)
    return resolved, build(resolved, downloads=downloads)


def _holds_losses(returned: object) -> bool:
    return isinstance(returned, Mapping) and any(isinstance(each, LMLoss) for each in returned.values())


def _checked(losses: object) -> Mapping[str, LMLoss]:
    if not isinstance(losses, Mapping):
        raise RegistrationError(f"a spec function returns a dict of losses by name: found {describe(losses)}")
    for name, loss in losses.items():
        if not isinstance(loss, LMLoss):
            raise RegistrationError(
                f"a spec function returns LMLoss objects by name, or is decorated with `@lossspec.spec`: "
                f"`{name}` is {describe(loss)}"
            )
        if name != loss.name:
            raise RegistrationError(f"the key `{name}` holds the loss `{loss.name}`: give them one name")
    return losses


def _entry(term: Term) -> LossType:
    entry = find(term.type)
    if entry is None:
        raise UnknownNameError(unknown("loss type", term.type, types(), f" of `{term.name}`"))
    return entry


def _is_file(argument: Argument | None, value: object) -> bool:
    """Say whether a value names a file of the spec's folder, and is not the word that stands for none."""
    return argument is not None and argument.path and value is not None and value != argument.default


def _loss(term: Term, folder: str | None, *, downloads: bool) -> LMLoss:
    entry = _entry(term)
    live = {name: value for name, value in term.args.items() if isinstance(value, Schedule)}
    args: dict[str, object] = {}
    for name, value in term.args.items():
        if name in live:
            args[name] = live[name](0)  # a first value to construct it with; the clock sets it from then on
        elif folder is not None and _is_file(entry.args.get(name), value):
            args[name] = str(Path(folder) / str(value))
        else:
            args[name] = value
    weight, schedule = (1.0, term.weight) if isinstance(term.weight, Schedule) else (term.weight, None)
    module = construct(entry, args, downloads=downloads)
    return LMLoss(term.name, module, weight, schedule, term.tags, term=term, live=live)
