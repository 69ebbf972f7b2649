"""``lossspec export``: write a Python spec function as TOML, or any spec as plain Python."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.options import FilePath, import_user_function, load_option, overlay_options
from lossspec.cli.text import echo, write_output

if TYPE_CHECKING:
    from collections.abc import Mapping

_FUNCTION = re.compile(r"[\w.]+:\w+").fullmatch


@click.command("export")
@click.argument("reference", metavar="REF", shell_complete=references)
@click.option(
    "--to",
    type=click.Choice(["toml", "python"]),
    default="toml",
    show_default=True,
    help="A spec, or a module of plain PyTorch without lossspec.",
)
@click.option("-o", "--output", type=FilePath(path_type=Path), help="Write to this file, not the terminal.")
@overlay_options
@load_option
def export_command(
    reference: str,
    to: str,
    output: Path | None,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
) -> None:
    """Write a Python spec function as TOML, or a spec as plain Python.

    With --to toml, REF is MODULE:FUNCTION, and the TOML has the same digest. The function's arguments become
    [params] if it only passes them on or does arithmetic that `${}` supports. Otherwise their default values
    are written instead, and a note says so.

    With --to python, REF is any spec, or MODULE:FUNCTION. The module has a class for each objective and does
    not import lossspec; its totals and gradients equal the manager's.

    Example: lossspec export pix2pix --to python -o objective.py
    """
    if to == "toml" and (params or overlay):
        raise click.UsageError("--param and --set go with --to python: a function is written as it is")
    text = _toml(reference) if to == "toml" else _python(reference, params, overlay)
    write_output(text, output)


def _toml(reference: str) -> str:
    from lossspec.language.function import spec
    from lossspec.language.function_export import document_of
    from lossspec.language.write import write

    if not _FUNCTION(reference):
        hint = "for a spec, add `--to python`, or print its TOML with `lossspec show`"
        raise click.UsageError(f"`{reference}` must be MODULE:FUNCTION, such as my_losses:denoise; {hint}")
    made = spec(import_user_function(reference))
    table, keeps_params = document_of(made)
    if not keeps_params:
        names = ", ".join(f"`{name}`" for name in made.params)
        echo(f"note: the function computes with {names}: their default values are written instead", err=True)
    return write(table)


def _python(reference: str, params: Mapping[str, object], overlay: Mapping[str, object]) -> str:
    from lossspec.convert.python import to_python
    from lossspec.language.function import spec
    from lossspec.language.load import load

    found = spec(import_user_function(reference)) if _FUNCTION(reference) else reference
    return to_python(load(found, params, overlay))
