"""Finds specs by name: ``LOSSSPEC_PATH``, ``./specs``, installed plug-ins, then the specs we ship."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.data import folder as data_folder
from lossspec.errors import LossSpecError, UnknownNameError
from lossspec.language.text.reference import SUFFIX, Reference
from lossspec.names import near_or_all, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@frozen
class Folder:
    """A folder of specs and whose it is: an entry of the search path.

    Attributes:
        path: the folder.
        owner: for people: ``LOSSSPEC_PATH``, ``./specs``, a distribution, or ``lossspec``.
        rank: folders of one rank are searched as one: a name in two of them is an error.
    """

    path: Path
    owner: str
    rank: int


@frozen
class Found:
    """A spec's file in the search path.

    Attributes:
        name: the spec's name.
        path: its file.
        folder: the folder that it was found in.
        shadows: files of the same name further down the search path, which are not read.
    """

    name: str
    path: Path
    folder: Folder
    shadows: tuple[Path, ...] = ()


def shipped() -> Path:
    """Return the folder of the specs that come with lossspec."""
    return data_folder("specs")


def folders(beside: Path | None = None) -> Iterator[Folder]:
    """Yield the search path in order, first the folder ``beside`` which a spec looks first."""
    if beside is not None:
        yield Folder(beside, "the same folder", 0)
    for entry in os.environ.get("LOSSSPEC_PATH", "").split(os.pathsep):
        if entry:
            yield Folder(Path(entry), "LOSSSPEC_PATH", 1)
    yield Folder(Path("specs"), "./specs", 2)
    from lossspec.registry.installed import installed_spec_folders  # slow to import

    for owner, path in installed_spec_folders().items():
        yield Folder(path, owner, 3)
    yield Folder(shipped(), "lossspec", 4)


def file_of(reference: Reference) -> Path:
    """Return the file of the spec that a reference names: the path that it is, or what is found by name.

    Raises:
        UnknownNameError: there is no such spec; the message names the nearest one, or the file of that name
            in the current folder, where no name is looked for.
        LossSpecError: as ``find``.
    """
    if reference.is_path:
        return Path(reference.name)
    try:
        return find(reference.name).path
    except UnknownNameError as error:
        here = reference.name + SUFFIX
        if not os.path.isfile(here):  # noqa: PTH113 - a name may be too long
            raise
        meant = Reference(here, reference.variants)
        found, _, _ = str(error).partition(": ")
        raise UnknownNameError(f"{found}: `{here}` is here: write `{meant}`") from None


def file_like(path: Path) -> str | None:
    """Return the spec in the same folder that a path which leads nowhere may mean, as a path."""
    if not path.name.endswith(SUFFIX):
        return None
    others = (each.name.removesuffix(SUFFIX) for each in path.parent.glob("*" + SUFFIX) if each.is_file())
    found = nearest(path.name.removesuffix(SUFFIX), others)
    return str(path.with_name(found + SUFFIX)) if found else None


def find(name: str, beside: Path | None = None, besides: Path | None = None) -> Found:
    """Find a spec by its name.

    Args:
        name: the spec's name, without variants.
        beside: the folder that is searched before all others: that of the file that extends.
        besides: a file that is passed over: a spec never extends itself.

    Raises:
        UnknownNameError: there is no such spec; the message names the nearest one.
        LossSpecError: two plug-ins ship it, or its file is a symbolic link out of its folder.
    """
    return _first(name, folders(beside), besides)


def _first(name: str, path: Iterable[Folder], besides: Path | None) -> Found:
    file_name = name + SUFFIX
    itself = besides.resolve() if besides is not None else None
    searched: list[Folder] = []
    for folder in path:
        searched.append(folder)
        file = folder.path / file_name
        if not os.path.isfile(file) or file.resolve() == itself:  # noqa: PTH113 - a name may be too long
            continue
        _refuse_link_out(file, folder)
        if folder.rank == 3:
            _refuse_two_owners(file_name, folder)
        return Found(name, file, folder)
    known = sorted({each.name for each in _all(searched)} - {name})
    hint = near_or_all("a spec", nearest(name, known), known)
    places = ", ".join(dict.fromkeys(each.owner for each in searched))
    raise UnknownNameError(f"there is no spec `{name}` in {places}: {hint}")


def every() -> list[Found]:
    """Return every spec of the search path by name, sorted, each with what it shadows."""
    found: dict[str, Found] = {}
    for each in _all(folders()):
        first = found.get(each.name)
        if first is None:
            found[each.name] = each
        elif first.path.resolve() != each.path.resolve():
            found[each.name] = Found(first.name, first.path, first.folder, (*first.shadows, each.path))
    return [found[name] for name in sorted(found)]


def _all(path: Iterable[Folder]) -> Iterator[Found]:
    for folder in path:
        for file in sorted(folder.path.glob("*" + SUFFIX)):
            if file.is_file():
                yield Found(file.name.removesuffix(SUFFIX), file, folder)


def _refuse_link_out(file: Path, folder: Folder) -> None:
    if not file.resolve().is_relative_to(folder.path.resolve()):
        raise LossSpecError(
            f"the spec `{file}` is a symbolic link out of its folder: "
            "a name never leads out of the search path"
        )


def _refuse_two_owners(file_name: str, first: Folder) -> None:
    owners = [
        each.owner for each in folders() if each.rank == first.rank and (each.path / file_name).is_file()
    ]
    if len(owners) > 1:
        names = " and ".join(f"`{owner}`" for owner in owners)
        raise LossSpecError(
            f"the spec `{file_name.removesuffix(SUFFIX)}` has two owners, {names}: put the one that you mean "
            "in LOSSSPEC_PATH, or uninstall the other"
        )
