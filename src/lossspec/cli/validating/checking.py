"""Validates one target of ``lossspec validate``: a file as it is on disk, or a text instead of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.cli.validating.project import project
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.read import MAX_READ, decode, read_source
from lossspec.language.load import validate_catalog_source, validate_reference, validate_source
from lossspec.language.text.reference import SUFFIX
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.cli.validating.targets import Target
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.text.source import Source


@frozen
class Checked:
    """A target and its problems, also those of what it extends."""

    target: Target
    problems: tuple[Diagnostic, ...]

    @property
    def name(self) -> str:
        """The target as messages name it."""
        return "<stdin>" if self.target.path is None else str(self.target.reference)


def every_problem(checked: Iterable[Checked]) -> list[Diagnostic]:
    """Return the problems of all targets, each once: several specs may extend the same one."""
    return list(dict.fromkeys(problem for each in checked for problem in each.problems))


def check(target: Target, stdin_filename: str | None = None) -> list[Diagnostic]:
    """Return the problems of a target."""
    if target.is_named:
        return validate_reference(str(target.reference))
    try:
        source = read_source(target.path) if target.path else _standard_input(stdin_filename)
    except SpecError as error:
        return list(error.diagnostics)
    return check_source(target, source)


def check_source(target: Target, source: Source) -> list[Diagnostic]:
    """Return the problems that the file of a target has with this text."""
    if target.is_catalog:
        return validate_catalog_source(source)
    name = source.path.name.removesuffix(SUFFIX) if source.path else "spec"
    return validate_source(source, name, target.reference.variants)


def without_ignored(target: Target, found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Leave out the warnings that the project of a file ignores; specs given by name keep all warnings."""
    if target.path is None or target.is_named or all(each.severity == "error" for each in found):
        return tuple(found)
    ignore = project(target.path.resolve().parent).ignore
    return tuple(each for each in found if each.code not in ignore)


def _standard_input(name: str | None) -> Source:
    data = sys.stdin.buffer.read(MAX_READ)
    return decode(data, name or "<stdin>", user_path(name) if name else None)
