"""Finds specs by name: in ``LOSSSPEC_PATH``, ``./specs``, installed plug-ins, and the shipped specs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.data import folder as data_folder
from lossspec.errors import LossSpecError, UnknownNameError
from lossspec.language.text.reference import SUFFIX, Reference
from lossspec.names import near_or_all, nearest
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@frozen
class Folder:
    """A folder of specs: an entry of the search path.

    Attributes:
        path: the folder.
        owner: its name in messages: ``LOSSSPEC_PATH``, ``./specs``, a distribution, or ``lossspec``.
        rank: its place in the order. A name in two plug-ins, which share a rank, is an error.
    """

    path: Path
    owner: str
    rank: int


@frozen
class Found:
    """The file of a spec in the search path.

    Attributes:
        name: the spec's name.
        path: its file.
        folder: the folder that it was found in.
        shadows: files of the same name further along the search path, which are not read.
    """

    name: str
    path: Path
    folder: Folder
    shadows: tuple[Path, ...] = ()


def shipped() -> Path:
    """Return the folder of the shipped specs."""
    return data_folder("specs")


def folders(beside: Path | None = None) -> Iterator[Folder]:
    """Yield the search path in order, after the folder ``beside`` if there is one."""
    if beside is not None:
        yield Folder(beside, "the same folder", 0)
    for entry in os.environ.get("LOSSSPEC_PATH", "").split(os.pathsep):
        if entry:
            yield Folder(user_path(entry), "LOSSSPEC_PATH", 1)
    yield Folder(Path("specs"), "./specs", 2)
    from lossspec.registry.installed import installed_spec_folders  # slow to import

    for owner, path in installed_spec_folders().items():
        yield Folder(path, owner, 3)
    yield Folder(shipped(), "lossspec", 4)


def file_of(reference: Reference) -> tuple[Path, Path | None]:
    """Return the file of a reference, and the folder in which one that is found by its name must lie.

    Raises:
        UnknownNameError: there is no such spec; the message names the nearest one, or the file of that name
            in the current folder, which is not in the search path.
        LossSpecError: as ``find``.
    """
    if reference.is_path:
        return Path(reference.name), None
    try:
        found = find(reference.name)
    except UnknownNameError as error:
        here = reference.name + SUFFIX
        if not _is_file(here):
            raise
        meant = Reference(here, reference.variants)
        unfound, _, _ = str(error).partition(": ")
        raise UnknownNameError(f"{unfound}: for the file in this folder, write `{meant}`") from None
    return found.path, found.folder.path


def file_like(path: Path) -> str | None:
    """Return the path in the same folder that is nearest to one that does not exist."""
    if not path.name.endswith(SUFFIX):
        return None
    others = (each.name.removesuffix(SUFFIX) for each in path.parent.glob("*" + SUFFIX) if each.is_file())
    found = nearest(path.name.removesuffix(SUFFIX), others)
    return str(path.with_name(found + SUFFIX)) if found else None


def find(name: str, beside: Path | None = None, besides: Path | None = None) -> Found:
    """Find a spec by its name.

    Args:
        name: the spec's name, without variants.
        beside: a folder to search before all others: that of the file that extends the spec.
        besides: a file to skip: a spec never extends itself.

    Raises:
        UnknownNameError: there is no such spec; the message names the nearest one.
        LossSpecError: two plug-ins ship it, or its file is a symbolic link out of its folder.
    """
    file_name = name + SUFFIX
    itself = besides.resolve() if besides is not None else None
    searched: list[Folder] = []
    for folder in folders(beside):
        searched.append(folder)
        file = folder.path / file_name
        if not _is_file(file) or file.resolve() == itself:
            continue
        _refuse_link_out(file, folder)
        if folder.rank == 3:
            _refuse_two_owners(file_name, folder)
        return Found(name, file, folder)
    known = sorted({each.name for each in _all(searched)} - {name})
    hint = near_or_all("a spec", nearest(name, known), known)
    places = ", ".join(dict.fromkeys(each.owner for each in searched))
    raise UnknownNameError(f"spec `{name}` not found in {places}: {hint}")


def every() -> list[Found]:
    """Return every spec of the search path, sorted by name, each with the files that it shadows."""
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


def _is_file(path: str | Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises an error for a name that is too long


def _refuse_link_out(file: Path, folder: Folder) -> None:
    if not file.resolve().is_relative_to(folder.path.resolve()):
        raise LossSpecError(
            f"spec `{file}` is a symbolic link out of its folder: "
            "a spec that is found by name must be in the search path"
        )


def _refuse_two_owners(file_name: str, first: Folder) -> None:
    owners = [
        each.owner for each in folders() if each.rank == first.rank and (each.path / file_name).is_file()
    ]
    if len(owners) > 1:
        names = " and ".join(f"`{owner}`" for owner in owners)
        raise LossSpecError(
            f"spec `{file_name.removesuffix(SUFFIX)}` is shipped by both {names}: "
            "add the folder of the one you mean to LOSSSPEC_PATH, or uninstall the other"
        )
