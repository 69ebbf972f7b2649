"""``lossspec export``: write a Python spec function as TOML."""

from __future__ import annotations

from pathlib import Path

import click

from lossspec.cli.options import import_user_function
from lossspec.cli.text import write_output


@click.command("export")
@click.argument("function", metavar="MODULE:FUNCTION")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file, not the terminal.")
def export_command(function: str, output: Path | None) -> None:
    """Write a Python spec function as TOML with the same digest.

    The function's arguments become [params] if it only passes them on or does arithmetic that `${}` supports.
    Otherwise their default values are written instead, and a note says so.

    Example: lossspec export my_losses:denoise -o specs/denoise.loss.toml
    """
    from lossspec.language.function import spec
    from lossspec.language.function_export import document_of
    from lossspec.language.write import write

    made = spec(import_user_function(function))
    table, keeps_params = document_of(made)
    if not keeps_params:
        names = ", ".join(f"`{name}`" for name in made.params)
        click.echo(
            f"note: the function computes with {names}: their default values are written instead", err=True
        )
    write_output(write(table), output)
