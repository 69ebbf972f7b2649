"""What ``lossspec validate`` is asked to look at: files, folders, names and standard input."""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

from lossspec.errors import LossSpecError
from lossspec.names import unknown
from lossspec.spec.find import find
from lossspec.spec.reference import SUFFIX, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KEYS = ("exclude", "ignore")


@frozen
class Target:
    """A spec to validate.

    Attributes:
        reference: what was asked for: a path or a name, with variants or without.
        path: its file, or None for standard input.
        is_named: whether it was asked for by name, and is somebody's to read rather than to write.
    """

    reference: Reference
    path: Path | None
    is_named: bool = False


def targets(arguments: Sequence[str]) -> list[Target]:
    """Return what the arguments stand for, each once; without any, the specs under this folder.

    Raises:
        click.UsageError: an argument stands for nothing, or for nothing that could be validated.
    """
    found: dict[tuple[object, ...], Target] = {}
    for argument in arguments or ["."]:
        some = list(_targets(argument))
        if not some:
            raise click.UsageError(f"there is no file that ends in `{SUFFIX}` under `{argument}`")
        for target in some:
            file = target.path.resolve() if target.path else None
            found.setdefault((file, target.reference.variants), target)
    return list(found.values())


def _targets(argument: str) -> Iterator[Target]:
    if argument == "-":
        yield Target(Reference("-"), None)
        return
    if Path(argument).is_dir():
        for path in _walk(Path(argument)):
            yield Target(Reference(str(path)), path)
        return
    if SUFFIX not in argument and Path(argument).exists():
        raise click.UsageError(f"`{argument}` is not a spec: the file of a spec ends in `{SUFFIX}`")
    try:
        reference = Reference.parse(argument)
        if reference.is_path:
            yield Target(reference, _existing(Path(reference.name)))
        else:
            yield Target(reference, find(reference.name).path, is_named=True)
    except LossSpecError as error:
        raise click.UsageError(str(error)) from error


def _existing(path: Path) -> Path:
    if not path.exists():
        raise click.UsageError(f"there is no file `{path}`")
    return path


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the specs under a folder, sorted, except those in hidden folders and those excluded."""
    home, patterns = _excluded(folder)
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".") and not _is_excluded(Path(here, each), home, patterns)
        )
        for name in sorted(files):
            path = Path(here, name)
            if name.endswith(SUFFIX) and not _is_excluded(path, home, patterns):
                yield path


def _is_excluded(path: Path, home: Path, patterns: Sequence[str]) -> bool:
    """Say whether a pattern matches a path from the folder of ``pyproject.toml``, or its last name."""
    if not patterns:
        return False
    whole = Path(os.path.relpath(path, home)).as_posix()
    return any(
        fnmatchcase(whole, pattern.rstrip("/")) or fnmatchcase(path.name, pattern.rstrip("/"))
        for pattern in patterns
    )


def _excluded(folder: Path) -> tuple[Path, Sequence[str]]:
    """Return the nearest ``pyproject.toml``'s folder, and the patterns that it excludes."""
    resolved = folder.resolve()
    for home in (resolved, *resolved.parents):
        file = home / "pyproject.toml"
        if file.is_file():
            return home, _patterns(file)
    return resolved, ()


def ignored(path: Path) -> frozenset[str]:
    """Return the codes of warnings that the nearest ``pyproject.toml`` of a file says to pass over.

    Raises:
        click.UsageError: it says so of what is no warning.
    """
    from lossspec.spec.codes import codes  # noqa: PLC0415 - only a file that has something to ignore pays

    for home in path.resolve().parents:
        file = home / "pyproject.toml"
        if file.is_file():
            wanted = _strings(file, "ignore")
            warnings = (
                [name for name, code in codes().items() if code.severity == "warning"] if wanted else []
            )
            for code in wanted:
                if code not in warnings:
                    where = " in `tool.lossspec.ignore`"
                    raise click.UsageError(f"{file}: {unknown('warning', code, warnings, where)}")
            return frozenset(wanted)
    return frozenset()


def _patterns(file: Path) -> Sequence[str]:
    return _strings(file, "exclude")


def _strings(file: Path, name: str) -> Sequence[str]:
    """Return an array of strings in ``[tool.lossspec]``; empty where it is not there."""
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file} can't be read: {error}") from error
    tool = document.get("tool")
    table = tool.get("lossspec", {}) if isinstance(tool, dict) else {}
    for key in table:
        if key not in _KEYS:
            raise click.UsageError(f"{file}: {unknown('key', key, _KEYS, ' in `tool.lossspec`')}")
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise click.UsageError(f"{file}: `tool.lossspec.{name}` must be an array of strings")
    return found
