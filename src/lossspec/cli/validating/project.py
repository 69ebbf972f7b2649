"""The settings of a project, where a mistake in them is a wrong call of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossspec.language.documents import project as settings

if TYPE_CHECKING:
    from pathlib import Path


def project(folder: Path) -> settings.Project:
    """Return the settings for specs in a folder, given by its absolute path.

    Raises:
        click.UsageError: ``pyproject.toml`` cannot be read, or has an unknown key or code.
    """
    try:
        return settings.project(folder)
    except settings.ProjectError as error:
        raise click.UsageError(str(error)) from error
