"""Catalogues of installed plug-ins: found through entry points, read from disk, none of their code run.

A package declares, in its ``pyproject.toml``, the library whose types it ships and the top-level package
that holds them::

    [project.entry-points."lossspec.catalogs"]
    mylosses = "mylosses"

Its types are in ``mylosses/catalog/mylosses.toml``, its specs, if any, in ``mylosses/specs``.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.errors import RegistrationError
from lossspec.names import is_name
from lossspec.registry.builtin import builtin_libraries
from lossspec.registry.catalog import read_catalog

if TYPE_CHECKING:
    from lossspec.registry.entry import LossType

GROUP = "lossspec.catalogs"


@frozen
class Plugin:
    """One entry point: the library it ships, the package that holds the files, who installed it."""

    library: str
    package: str
    distribution: str


def plugins() -> tuple[Plugin, ...]:
    """Return the installed plug-ins, sorted by library; reads the metadata of distributions only."""
    return _plugins_on(tuple(sys.path))  # which is where packages are found: another one has others


@cache
def _plugins_on(_path: tuple[str, ...]) -> tuple[Plugin, ...]:
    found = {
        Plugin(each.name, each.value, each.dist.name if each.dist else each.value)
        for each in entry_points(group=GROUP)
    }
    return tuple(sorted(found, key=lambda each: (each.library, each.distribution)))


def libraries() -> tuple[str, ...]:
    """Return the libraries that the plug-ins ship catalogues of.

    Raises:
        RegistrationError: two owners ship one library.
    """
    return tuple(each.library for each in plugins() if catalog(each.library))


def catalog(library: str) -> dict[str, LossType]:
    """Return the types of one library as its plug-in declares them; none if no plug-in ships it.

    Raises:
        RegistrationError: two owners ship it, or its catalogue is missing or broken.
    """
    return _catalog_on(tuple(sys.path), library)


@cache
def _catalog_on(_path: tuple[str, ...], library: str) -> dict[str, LossType]:
    owners = [each for each in plugins() if each.library == library]
    if not owners:
        return {}
    names = [each.distribution for each in owners]
    if library in builtin_libraries():
        names = ["lossspec", *names]
    if len(names) > 1:
        holders = " and ".join(f"`{name}`" for name in names)
        raise RegistrationError(f"the library `{library}` has two owners, {holders}: uninstall one of them")
    path = folder(owners[0]) / "catalog" / f"{library}.toml"
    if not path.exists():  # it ships specs only
        return {}
    types = read_catalog(path, f"the installed package `{owners[0].distribution}`")
    for name in types:
        if name.partition(".")[0] != library:
            raise RegistrationError(
                f"catalogue {path}: `library` must be `{library}`, as its entry point says"
            )
    return types


def folder(plugin: Plugin) -> Path:
    """Return the folder of a plug-in's package; a top-level package is located without running it.

    Raises:
        RegistrationError: the entry point names no installed top-level package.
    """
    where = f"the entry point `{plugin.library}` of `{plugin.distribution}` in `{GROUP}`"
    if not is_name(plugin.package):
        raise RegistrationError(f"{where} must name a top-level package, not `{plugin.package}`")
    found = find_spec(plugin.package)
    if found is None or not found.submodule_search_locations:
        raise RegistrationError(f"{where} names `{plugin.package}`, which is no installed package")
    return Path(found.submodule_search_locations[0])


def installed_spec_folders() -> dict[str, Path]:
    """Return the folders of specs that plug-ins ship, by the distribution that owns them, and the package."""
    found = {(each.distribution, each.package): folder(each) / "specs" for each in plugins()}
    return {f"{owner}: {package}": path for (owner, package), path in found.items() if path.is_dir()}
