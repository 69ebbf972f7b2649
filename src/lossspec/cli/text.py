"""Text for the terminal: errors, colour and width."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lossspec.clean import terminal as clean_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.errors import LossSpecError


def error_text(error: LossSpecError) -> str:
    """Return an error as it is printed; the diagnostics of a spec already begin with a severity.

    >>> from lossspec.errors import UnknownNameError
    >>> error_text(UnknownNameError("unknown loss `a`"))
    'error: unknown loss `a`'
    """
    text = str(error)
    return text[1:] if text.startswith("\n") else f"error: {text}"


def echo(text: object = "", *, err: bool = False, nl: bool = True, color: bool | None = None) -> None:
    """Print a text without what could control a terminal or a CI service; ``color``: whether colours stay."""
    click.echo(clean_terminal(str(text), colored=color is not None), err=err, nl=nl, color=color)


def write_output(text: str, file: Path | None) -> None:
    """Write a text to a file, or print it if there is none.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if file is None:
        echo(text, nl=False)
        return
    with writing(file):
        file.write_text(text, encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the system within a block that writes a file or a folder into one message.

    Raises:
        click.ClickException: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(file: Path, error: OSError) -> click.ClickException:
    """Return the error for a file that cannot be written."""
    return click.ClickException(f"cannot write `{file}`: {error.strerror}")


def is_colored() -> bool:
    """Return whether output has colours: ``--color`` decides, then the variables, then the terminal."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width(widest: int) -> int:
    """Return the width of the terminal or ``COLUMNS`` in characters, else 80, and at most ``widest``."""
    return min(shutil.get_terminal_size((80, 24)).columns, widest)
