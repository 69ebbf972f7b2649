"""The targets of ``lossspec validate``: files, folders, names and standard input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

from lossspec.cli.validating.project import project
from lossspec.errors import LossSpecError
from lossspec.language.documents.search import file_like, file_of
from lossspec.language.load import is_catalog
from lossspec.language.text.reference import SUFFIX, Reference
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen
class Target:
    """A spec or catalogue to validate.

    Attributes:
        reference: a path or a name, with or without variants.
        path: its file, or None for standard input.
        is_named: whether it was given by name: ``--fix`` must not change it, and all its warnings are shown.
        is_catalog: whether it is a plug-in's catalogue.
    """

    reference: Reference
    path: Path | None
    is_named: bool = False
    is_catalog: bool = False


def targets(arguments: Sequence[str]) -> list[Target]:
    """Return the targets that the arguments name, each once; without arguments, the specs in this folder.

    Raises:
        click.UsageError: an argument names nothing that can be validated.
    """
    found: dict[tuple[object, ...], Target] = {}
    for argument in arguments or ["."]:
        some = list(_targets(argument))
        if not some:
            raise click.UsageError(f"no file under `{argument}` ends in `{SUFFIX}`")
        for target in some:
            file = target.path.resolve() if target.path else None
            found.setdefault((file, target.reference.variants), target)
    return list(found.values())


def folders_of(arguments: Sequence[str]) -> Iterator[Path]:
    """Yield the folder of each argument: the folder itself, or that of a file."""
    for argument in arguments or ["."]:
        path = user_path(argument)
        if path.is_dir():
            yield path
        else:
            yield from (target.path.parent for target in _targets(argument) if target.path is not None)


def _targets(argument: str) -> Iterator[Target]:
    if argument == "-":
        yield Target(Reference("-"), None)
        return
    if argument.startswith("~"):  # quoted, or after `=`, the shell leaves it
        argument = str(user_path(argument))
    if os.path.isdir(argument):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        for path in _walk(Path(argument)):
            yield Target(Reference(str(path)), path)
        return
    if SUFFIX not in argument and os.path.exists(argument):  # noqa: PTH110
        if not is_catalog(Path(argument)):
            raise click.UsageError(f"`{argument}` is not a spec: the name of its file must end in `{SUFFIX}`")
        yield Target(Reference(argument), Path(argument), is_catalog=True)
        return
    try:
        reference = Reference.parse(argument)
        if reference.is_path:
            yield Target(reference, _existing(Path(reference.name)))
        else:
            yield Target(reference, file_of(reference)[0], is_named=True)
    except LossSpecError as error:
        raise click.UsageError(str(error)) from error


def _existing(path: Path) -> Path:
    if not os.path.exists(path):  # noqa: PTH110
        like = file_like(path)
        hint = f": a file with a similar name exists: `{like}`" if like else ""
        raise click.UsageError(f"file `{path}` not found{hint}")
    return path


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the specs under a folder, sorted, without hidden folders and what the project excludes."""
    excludes = project(folder.resolve()).excludes
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and not excludes(Path(here, each))
        )
        for name in sorted(files):
            path = Path(here, name)
            if name.endswith(SUFFIX) and not excludes(path):
                yield path
