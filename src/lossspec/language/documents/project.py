"""The settings of a project: ``[tool.lossspec]`` in the nearest ``pyproject.toml``."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import tomli
from attrs import frozen

from lossspec.errors import LossSpecError
from lossspec.names import unknown
from lossspec.paths import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("exclude", "ignore")


class ProjectError(LossSpecError):
    """Settings of a project that cannot be read, or that mean nothing."""


@frozen
class Project:
    """The settings of a project.

    Attributes:
        home: the folder of ``pyproject.toml``.
        exclude: patterns of files and folders to skip, relative to ``home``.
        ignore: codes of warnings to leave out.
    """

    home: Path
    exclude: tuple[str, ...] = ()
    ignore: frozenset[str] = frozenset()

    def excludes(self, path: Path) -> bool:
        """Return whether a pattern matches the path relative to ``home``, or its last name."""
        if not self.exclude:
            return False
        whole = Path(os.path.relpath(path, self.home)).as_posix()
        patterns = [pattern.rstrip("/") for pattern in self.exclude]
        return any(fnmatchcase(whole, each) or fnmatchcase(path.name, each) for each in patterns)


@cache
def project(folder: Path) -> Project:
    """Return the settings for specs in a folder, given by its absolute path.

    Raises:
        ProjectError: ``pyproject.toml`` cannot be read, or has an unknown key, an unknown code or a value of
            another type.
    """
    file = folder / "pyproject.toml"
    try:
        with open_regular(file) as opened:
            text = opened.read()
        document = tomli.loads(text.decode())
    except (FileNotFoundError, NotADirectoryError):
        return project(folder.parent) if folder != folder.parent else Project(folder)
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(f"cannot read {file}: {error}") from error
    tool = document.get("tool")
    table = tool.get("lossspec", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ProjectError(f"{file}: `tool.lossspec` must be a table")
    for key in table:
        if key not in _KEYS:
            raise ProjectError(f"{file}: {unknown('key', key, _KEYS, ' in `tool.lossspec`')}")
    ignore = _strings(file, table, "ignore")
    if ignore:
        _check_warnings(file, ignore)
    return Project(folder, _strings(file, table, "exclude"), frozenset(ignore))


def _strings(file: Path, table: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ProjectError(f"{file}: `tool.lossspec.{name}` must be an array of strings")
    return tuple(found)


def _check_warnings(file: Path, names: tuple[str, ...]) -> None:
    from lossspec.language.diagnostics.codes import codes

    warnings = [name for name, code in codes().items() if code.severity == "warning"]
    for name in names:
        if name not in warnings:
            raise ProjectError(f"{file}: {unknown('warning', name, warnings, ' in `tool.lossspec.ignore`')}")
