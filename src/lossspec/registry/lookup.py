"""Finds loss types by name: built-in ones first, then those registered in-process, then installed ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.errors import RegistrationError
from lossspec.registry.catalog import read_catalog, read_summaries, read_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.registry.entry import LossType

_CATALOGS = Path(__file__).parent / "catalog"

#: What this process registered by decorator: a type and the class or function itself.
registered: dict[str, tuple[LossType, Callable[..., object]]] = {}


@cache
def builtin_libraries() -> tuple[str, ...]:
    """Return the libraries whose catalogues come with lossspec, sorted."""
    return tuple(sorted(path.stem for path in _CATALOGS.glob("*.toml")))


@cache
def _builtin(library: str) -> dict[str, LossType]:
    return read_catalog(_path(library), "lossspec")


@cache
def _builtin_type(library: str, name: str) -> LossType | None:
    return read_type(_path(library), "lossspec", name)


def _path(library: str) -> Path:
    return _CATALOGS / f"{library}.toml"


def find(name: str) -> LossType | None:
    """Return the loss type that ``name`` names, or None; reads the catalogue of its library and no other.

    >>> find("torch.L1Loss").summary
    'Mean absolute error.'
    >>> find("torch.NoSuchLoss") is None
    True

    Raises:
        RegistrationError: two installed packages ship a catalogue of the name's library.
    """
    library = name.partition(".")[0]
    if library in builtin_libraries() and (entry := _builtin_type(library, name)):
        return entry
    if name in registered:
        return registered[name][0]
    from lossspec.registry import installed  # noqa: PLC0415 - slow to import, and most names are built in

    return installed.catalog(library).get(name)


def types(library: str | None = None) -> dict[str, LossType]:
    """Return every loss type by name, sorted; of one library if it is given.

    Raises:
        RegistrationError: two owners ship one library.
    """
    from lossspec.registry import installed  # noqa: PLC0415

    found: dict[str, LossType] = {}
    for each in libraries() if library is None else (library,):
        found |= installed.catalog(each)
        found |= {name: entry for name, (entry, _) in registered.items() if entry.library == each}
        found |= _builtin(each) if each in builtin_libraries() else {}
    return dict(sorted(found.items()))


def summaries(library: str | None = None) -> dict[str, str]:
    """Return what each loss type is, in one line, by name, sorted; of one library if it is given.

    Raises:
        RegistrationError: two owners ship one library.
    """
    from lossspec.registry import installed  # noqa: PLC0415

    found: dict[str, str] = {}
    for each in libraries() if library is None else (library,):
        entries = [*installed.catalog(each).values(), *(entry for entry, _ in registered.values())]
        found |= {entry.name: entry.summary for entry in entries if entry.library == each}
        found |= read_summaries(_path(each)) if each in builtin_libraries() else {}
    return dict(sorted(found.items()))


def libraries() -> tuple[str, ...]:
    """Return the prefixes of all loss types, sorted.

    >>> "torch" in libraries()
    True
    """
    from lossspec.registry import installed  # noqa: PLC0415

    in_process = {entry.library for entry, _ in registered.values()}
    return tuple(sorted({*builtin_libraries(), *in_process, *installed.libraries()}))


def refuse_taken(new: LossType) -> None:
    """Raise if another owner has the name of ``new``; the same code registered again replaces itself."""
    old = find(new.name)
    if old is not None and old.target != new.target:
        raise RegistrationError(
            f"the loss type `{new.name}` of {new.owner} is taken by {old.owner}: rename one of them"
        )
