"""``lossspec export``: a Python spec function as TOML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from lossspec.cli.options import import_users

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command("export")
@click.argument("function", metavar="MODULE:FUNCTION")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it to a file instead.")
def export_command(function: str, output: Path | None) -> None:
    """Write a Python spec function as TOML that resolves to the same digest.

    Its arguments become [params] where the function does no more with them than `${}` can say: place them,
    multiply and divide them. Else the values of what they are by default is filled in, and a note says so.

    Example: lossspec export my_losses:denoise -o specs/denoise.loss.toml
    """
    from lossspec.language.function import spec  # `--help` does not pay
    from lossspec.language.function_export import document_of
    from lossspec.language.write import write

    made = spec(_named(function))
    table, keeps_params = document_of(made)
    if not keeps_params:
        names = ", ".join(f"`{name}`" for name in made.params)
        click.echo(
            f"note: the function computes with {names}: what they are by default is filled in", err=True
        )
    text = write(table)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _named(function: str) -> Callable[..., object]:
    """Import what ``MODULE:FUNCTION`` names; the user said so, and no file did."""
    module_name, colon, name = function.partition(":")
    if not colon or not module_name or not name:
        raise click.UsageError(f"`{function}` is no MODULE:FUNCTION, such as my_losses:denoise")
    module = import_users(module_name)
    found = getattr(module, name, None)
    if not callable(found):
        raise click.UsageError(f"`{module_name}` has no function `{name}`")
    return cast("Callable[..., object]", found)
