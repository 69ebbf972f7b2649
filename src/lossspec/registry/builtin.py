"""The catalogues that come with lossspec."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lossspec.data import folder as data_folder
from lossspec.registry.catalog import read_catalog, read_type

if TYPE_CHECKING:
    from pathlib import Path

    from lossspec.registry.entry import LossType

_CATALOGS = data_folder("registry/catalog")


@cache
def builtin_libraries() -> tuple[str, ...]:
    """Return the libraries whose catalogues come with lossspec, sorted."""
    return tuple(sorted(path.stem for path in _CATALOGS.glob("*.toml")))


@cache
def builtin_types(library: str) -> dict[str, LossType]:
    """Return the types and balancers of a built-in library, by name."""
    return read_catalog(catalog_path(library), "lossspec")


@cache
def builtin_type(library: str, name: str) -> LossType | None:
    """Return one type of a built-in library, or None; nothing else of its catalogue is read."""
    return read_type(catalog_path(library), "lossspec", name)


def catalog_path(library: str) -> Path:
    """Return where the catalogue of a built-in library is."""
    return _CATALOGS / f"{library}.toml"
