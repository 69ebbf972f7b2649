"""Finds loss types by name: built in, then registered in this process, then from installed plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import RegistrationError
from lossspec.registry.catalog import builtin_libraries, builtin_summaries, builtin_type, builtin_types

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.registry.entry import LossType

#: The types that this process registered by decorator, each with its class or function.
registered: dict[str, tuple[LossType, Callable[..., object]]] = {}


def find(name: str) -> LossType | None:
    """Return the loss type of this name, or None; only the catalogue of its library is read.

    >>> find("torch.L1Loss").summary
    'Mean absolute error.'
    >>> find("torch.NoSuchLoss") is None
    True

    Raises:
        RegistrationError: two installed packages ship a catalogue of the name's library.
    """
    found = _find(name)
    return None if found is None or found.balancer else found


def find_balancer(name: str) -> LossType | None:
    """Return the balancer of this name, or None.

    >>> find_balancer("lossspec.GradientRatio").inputs[0].name
    'parameter'
    >>> find_balancer("torch.L1Loss") is None
    True

    Raises:
        RegistrationError: as ``find``.
    """
    found = _find(name)
    return found if found is not None and found.balancer else None


def _find(name: str) -> LossType | None:
    library = name.partition(".")[0]
    if library in builtin_libraries() and (entry := builtin_type(library, name)):
        return entry
    if name in registered:
        return registered[name][0]
    from lossspec.registry import installed  # slow to import, and most names are built in

    return installed.catalog(library).get(name)


def types(library: str | None = None) -> dict[str, LossType]:
    """Return the loss types by name, sorted: all of them, or those of one library.

    Raises:
        RegistrationError: two owners ship one library.
    """
    return {name: entry for name, entry in _all(library).items() if not entry.balancer}


def balancers() -> dict[str, LossType]:
    """Return every balancer by name, sorted.

    >>> [name for name in balancers() if name.startswith("lossspec.")][:3]
    ['lossspec.DynamicWeightAverage', 'lossspec.EMANormalization', 'lossspec.GradNorm']

    Raises:
        RegistrationError: as ``types``.
    """
    return {name: entry for name, entry in _all(None).items() if entry.balancer}


def _all(library: str | None) -> dict[str, LossType]:
    from lossspec.registry import installed

    found: dict[str, LossType] = {}
    for each in libraries() if library is None else (library,):
        found |= installed.catalog(each)
        found |= {name: entry for name, (entry, _) in registered.items() if entry.library == each}
        found |= builtin_types(each) if each in builtin_libraries() else {}
    return dict(sorted(found.items()))


def summaries(library: str | None = None) -> dict[str, str]:
    """Return the one-line summaries of loss types by name, sorted: all of them, or those of one library.

    Raises:
        RegistrationError: two owners ship one library.
    """
    from lossspec.registry import installed

    found: dict[str, str] = {}
    for each in libraries() if library is None else (library,):
        entries = [*installed.catalog(each).values(), *(entry for entry, _ in registered.values())]
        found |= {
            entry.name: entry.summary for entry in entries if entry.library == each and not entry.balancer
        }
        found |= builtin_summaries(each) if each in builtin_libraries() else {}
    return dict(sorted(found.items()))


def libraries() -> tuple[str, ...]:
    """Return the libraries of all loss types, which are the prefixes of their names, sorted.

    >>> "torch" in libraries()
    True
    """
    from lossspec.registry import installed

    in_process = {entry.library for entry, _ in registered.values()}
    return tuple(sorted({*builtin_libraries(), *in_process, *installed.libraries()}))


def refuse_taken(new: LossType) -> None:
    """Raise if the name of ``new`` belongs to other code; the same code can be registered again."""
    old = _find(new.name)
    if old is not None and old.target != new.target:
        kind = "balancer" if old.balancer else "loss type"
        raise RegistrationError(
            f"{kind} `{new.name}` is already registered by {old.owner}: {new.owner} must use another name"
        )
