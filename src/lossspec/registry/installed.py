"""Finds the catalogues and specs of installed plug-ins, through entry points and without running their code.

A package declares, in its ``pyproject.toml``, the library whose types it ships and the top-level package
that contains them::

    [project.entry-points."lossspec.catalogs"]
    mylosses = "mylosses"

Its types are in ``mylosses/catalog/mylosses.toml``, its specs, if any, in ``mylosses/specs``.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache, partial
from importlib.metadata import distributions, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from lossspec.errors import RegistrationError
from lossspec.names import is_name
from lossspec.registry.catalog import builtin_libraries, read_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.metadata import EntryPoint

    from lossspec.registry.entry import LossType

GROUP = "lossspec.catalogs"
Found = TypeVar("Found")


@frozen
class Plugin:
    """One entry point: a library, the package that contains its catalogue, and the distribution of both."""

    library: str
    package: str
    distribution: str


def plugins() -> tuple[Plugin, ...]:
    """Return the installed plug-ins, sorted by library; only the metadata of distributions is read."""
    return _plugins_on(tuple(sys.path))  # the installed packages change with the path


@cache
def _plugins_on(_path: tuple[str, ...]) -> tuple[Plugin, ...]:
    try:
        found = [_plugin(each) for each in entry_points(group=GROUP)]
    except _BROKEN:  # of one distribution, which must not stop what the others are needed for
        found = list(_plugins_of_each())
    return tuple(sorted(set(found), key=lambda each: (each.library, each.distribution)))


#: What importlib.metadata raises for metadata that is damaged: bytes that are no text, lines without a value.
_BROKEN = (ValueError, TypeError, AttributeError, LookupError, OSError)


def _plugin(entry: EntryPoint) -> Plugin:
    return Plugin(entry.name, entry.value, (entry.dist.name if entry.dist else None) or entry.value)


def _plugins_of_each() -> Iterator[Plugin]:
    """Yield the plug-ins of one distribution after another; one whose metadata is damaged gives a warning."""
    seen = set()
    for each in distributions():
        name = ""
        try:
            name = each.name or ""
            entries = [_plugin(entry) for entry in each.entry_points if entry.group == GROUP]
        except _BROKEN as error:
            where = f"`{name}`" if name else f"a package in {each.locate_file('')}"
            warnings.warn(
                f"the metadata of {where} is damaged, its plug-ins are left out: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
            continue
        if name not in seen:  # the first on the path is the one that is imported
            yield from entries
        seen.add(name)


def libraries() -> tuple[str, ...]:
    """Return the libraries whose catalogues come from plug-ins; a broken one is left out with a warning."""
    return tuple(each.library for each in plugins() if _unless_broken(each, partial(catalog, each.library)))


def _unless_broken(plugin: Plugin, look: Callable[[], Found]) -> Found | None:
    """Return what is found in a plug-in, or None and a warning: only what asks for it may fail by it."""
    try:
        return look()
    except RegistrationError as error:
        _warn(plugin, str(error))
        return None


def _warn(plugin: Plugin, problem: str) -> None:
    warnings.warn(
        f"the plug-in `{plugin.library}` of `{plugin.distribution}` is left out: {problem}",
        RuntimeWarning,
        stacklevel=4,
    )


def catalog(library: str) -> dict[str, LossType]:
    """Return the types of one library from the catalogue of its plug-in, or an empty dict without a plug-in.

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
        raise RegistrationError(f"library `{library}` has two owners, {holders}: uninstall one of them")
    path = folder(owners[0]) / "catalog" / f"{library}.toml"
    if not path.exists():  # it ships specs only
        return {}
    types = read_catalog(path, f"the installed package `{owners[0].distribution}`")
    for name in types:
        if name.partition(".")[0] != library:
            raise RegistrationError(f"catalogue {path}: `library` must be `{library}`, as in its entry point")
    return types


def folder(plugin: Plugin) -> Path:
    """Return the folder of a plug-in's package; finding a top-level package does not run it.

    Raises:
        RegistrationError: the value of the entry point is not an installed top-level package.
    """
    where = f"entry point `{plugin.library}` of `{plugin.distribution}` in `{GROUP}`"
    if not is_name(plugin.package):
        raise RegistrationError(f"{where} must be a top-level package, got `{plugin.package}`")
    found = find_spec(plugin.package)
    if found is None or not found.submodule_search_locations:
        raise RegistrationError(f"{where} must be an installed package, got `{plugin.package}`")
    return Path(found.submodule_search_locations[0])


def installed_spec_folders() -> dict[str, Path]:
    """Return the folders of specs that plug-ins ship, by ``distribution: package``.

    A broken plug-in is left out with a warning.
    """
    found: dict[str, Path] = {}
    for each in plugins():
        path = _unless_broken(each, partial(folder, each))
        if path is not None and (path / "specs").is_dir():
            found[f"{each.distribution}: {each.package}"] = path / "specs"
    return found
