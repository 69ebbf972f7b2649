"""``lossspec new``: a commented spec to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from lossspec.errors import LossSpecError
from lossspec.spec.reference import SUFFIX, Reference


@click.command("new")
@click.argument("name", metavar="NAME|PATH")
def new_command(name: str) -> None:
    """Write a commented spec to start from.

    It is written to NAME.loss.toml, in the folder specs if there is one here; or to PATH, which ends in
    .loss.toml. A file that is there already is left alone.

    Example: lossspec new pix2pix
    """
    try:
        reference = Reference.parse(name)
    except LossSpecError as error:
        raise click.UsageError(str(error)) from error
    if reference.variants:
        raise click.UsageError(f"`{name}` names a variant: a spec declares its variants in its own file")
    path = Path(reference.name)
    if not reference.is_path:
        path = Path("specs" if Path("specs").is_dir() else ".", reference.name + SUFFIX)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(files("lossspec.cli").joinpath("starter.loss.toml").read_text("utf-8"))
    except FileExistsError:
        raise click.ClickException(f"`{path}` is there already") from None
    except OSError as error:
        raise click.ClickException(f"`{path}` can't be written: {error.strerror}") from error
    click.echo(f"wrote {path}; now: lossspec validate {path}", err=True)
