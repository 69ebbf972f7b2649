"""Builds the losses of a resolved spec: here names become code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, cast

from lossspec.errors import LossSpecError, RegistrationError, UnknownNameError
from lossspec.language.function import SpecFunction
from lossspec.language.load import load
from lossspec.language.local_files import is_file, local_path
from lossspec.language.model import Spec
from lossspec.manager.building.memory import check_memory
from lossspec.manager.building.module import construct
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.loss.messages import check_params, describe
from lossspec.names import unknown
from lossspec.registry import find, types
from lossspec.registry.allocation import MAX_BYTES
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from lossspec.language.model import Term
    from lossspec.registry import LossType

Reference = str | PathLike[str] | Spec
Losses = Callable[..., Mapping[str, LMLoss]]


def build(spec: Spec, *, downloads: bool = False, max_bytes: float = MAX_BYTES) -> dict[str, LMLoss]:
    """Import the classes that ``spec`` uses, and no others, and build its losses.

    Args:
        spec: a resolved spec, from ``lossspec.load``.
        downloads: whether losses may download pretrained weights, else they are read from local files.
            Only the caller can allow it, never a spec.
        max_bytes: how much memory the losses may allocate for what their arguments ask for, such as a matrix
            of classes: by default 1 GiB together. Only the caller can allow more, never a spec.

    Returns:
        The losses by name, in the order of the spec. Objective weights and balancers are added by
        ``LossManager.from_spec``.

    Raises:
        UnknownNameError: a type is not registered in this process.
        MissingExtraError: a library is not installed.
        MissingWeightsError: pretrained weights are not on this machine, and ``downloads`` is False.
        LossSpecError: a constructor rejects its arguments, or the losses allocate more than ``max_bytes``.

    Example:
        >>> import lossspec
        >>> losses = lossspec.build(lossspec.load("pix2pix"))
        >>> losses["G_L1"].function, losses["G_L1"].term_weight
        (L1Loss(), 100.0)
    """
    entries = {name: find_type(term) for name, term in spec.losses.items()}
    check_memory(spec, entries, max_bytes)
    return {name: _loss(term, entries[name], spec, downloads=downloads) for name, term in spec.losses.items()}


def losses_of(
    spec: Reference | Losses,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
    args: tuple[object, ...] = (),
    *,
    downloads: bool = False,
    max_bytes: float = MAX_BYTES,
) -> tuple[Spec | None, Mapping[str, LMLoss]]:
    """Return the spec, if there is one, and its losses; a callable can return losses without a spec.

    Raises:
        SpecError: the spec is missing or invalid, or a param or the overlay does not fit it.
        UnknownNameError: a callable has no argument of this name.
        RegistrationError: a callable does not return losses, or a ``Spec`` comes with params or an overlay.
    """
    if isinstance(spec, Spec):
        if params or overlay:
            raise RegistrationError(
                f"`{spec.reference}` is already resolved: pass params and overlay to `lossspec.load`"
            )
        return spec, build(spec, downloads=downloads, max_bytes=max_bytes)
    if callable(spec):
        check_params(spec, params)
        returned = spec(*args, **params)
        if _holds_losses(returned) and not overlay:
            return None, _checked(returned)
        if not isinstance(spec, SpecFunction) or args:
            _checked(returned)
    resolved = load(spec, params, overlay)
    return resolved, build(resolved, downloads=downloads, max_bytes=max_bytes)


def _holds_losses(returned: object) -> bool:
    return isinstance(returned, Mapping) and any(isinstance(each, LMLoss) for each in returned.values())


def _checked(losses: object) -> Mapping[str, LMLoss]:
    if not isinstance(losses, Mapping):
        raise RegistrationError(f"a spec function must return a dict of losses, got {describe(losses)}")
    for name, loss in losses.items():
        if not isinstance(loss, LMLoss):
            raise RegistrationError(
                f"a spec function must return LMLoss objects, or be decorated with `@lossspec.spec`: "
                f"`{name}` is {describe(loss)}"
            )
        if name != loss.name:
            raise RegistrationError(f"the key `{name}` must be the name of its loss, `{loss.name}`")
    return losses


def find_type(term: Term) -> LossType:
    """Return the registered type of a term.

    Raises:
        UnknownNameError: it is not registered in this process.
    """
    entry = find(term.type)
    if entry is None:
        raise UnknownNameError(unknown("loss type", term.type, types(), f" of `{term.name}`"))
    return entry


def _own_reduction_off(term: Term, entry: LossType) -> dict[str, object]:
    """Return the argument that makes a loss return its elements, if it has one.

    Raises:
        LossSpecError: it always returns one number, or the term sets the argument.
    """
    argument = entry.args.get("reduction")
    if argument is None:
        return {}
    if "reduction" in term.args:
        raise LossSpecError(f"`{term.name}` has both `reduce` and `args.reduction`: remove one")
    if "none" not in cast("list[object]", argument.schema.get("enum", ["none"])):
        raise LossSpecError(
            f'`{term.name}` has `reduce`, but `{entry.name}` has no `reduction = "none"`, and returns no '
            "elements"
        )
    return {"reduction": "none"}


def _loss(term: Term, entry: LossType, spec: Spec, *, downloads: bool) -> LMLoss:
    live = {name: value for name, value in term.args.items() if isinstance(value, Schedule)}
    args: dict[str, object] = {}
    within = {name: folder for (holder, name), folder in spec.files.items() if holder == term.name}
    for name, value in term.args.items():
        if name in live:
            args[name] = live[name](0)  # a first value; the clock sets the next ones
        elif is_file(entry.args.get(name), value):
            args[name] = str(local_path(spec, term.name, name, str(value)))
        else:
            args[name] = value
    if term.reduce is not None:
        args |= _own_reduction_off(term, entry)
    weight, schedule = (1.0, term.weight) if isinstance(term.weight, Schedule) else (term.weight, None)
    module = construct(entry, args, downloads=downloads, within=within)
    return LMLoss(term.name, module, weight, schedule, term.tags, term=term, live=live)
