"""``lossspec new``: create a commented spec to start from."""

from __future__ import annotations

from importlib.resources import files
from os.path import exists
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.text import echo, unwritable
from lossspec.errors import LossSpecError, UnknownNameError
from lossspec.language.text.reference import SUFFIX, Reference
from lossspec.report.describe.text import toml

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("new")
@click.argument("name", metavar="NAME|PATH")
@click.option(
    "--extends", metavar="REFERENCE", shell_complete=references, help="The spec that the new one extends."
)
def new_command(name: str, extends: str | None) -> None:
    """Create a commented spec to start from.

    NAME creates NAME.loss.toml in ./specs if that folder exists, else in this folder. PATH must end in
    .loss.toml. An existing file is never overwritten, and the name must not be that of another spec.

    Example: lossspec new my_pix2pix --extends pix2pix
    """
    try:
        reference = Reference.parse(name)
    except LossSpecError as error:
        raise click.UsageError(str(error)) from error
    if reference.variants:
        raise click.UsageError(f"`{name}` names a variant: declare variants in the file of the spec")
    path = Path(reference.name)
    if not reference.is_path:
        path = Path("specs" if Path("specs").is_dir() else ".", reference.name + SUFFIX)
    if extends is None:
        _refuse_taken(reference, path)
        text = files("lossspec.cli").joinpath("starter.loss.toml").read_text("utf-8")
    else:
        text = "\n".join(_changes(extends, path))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"`{path}` already exists") from None
    except OSError as error:
        raise unwritable(path, error) from error
    echo(f"wrote {path}; now: lossspec validate {path}", err=True)


def _refuse_taken(reference: Reference, path: Path) -> None:
    """Raise if the name belongs to another spec, which the new one would shadow or be mistaken for."""
    from lossspec.language.documents.search import find, folders

    is_found = any(each.path.resolve() == path.parent.resolve() for each in folders())
    is_there = exists(path)  # noqa: PTH110 - Path.exists raises for a name that is too long
    if is_there or (reference.is_path and not is_found):
        return
    try:
        taken = find(reference.stem)
    except UnknownNameError:
        return
    raise click.ClickException(
        f"`{taken.name}` is already a spec of {taken.folder.owner}: choose another name, "
        f"or extend it: `lossspec new my_{taken.name} --extends {taken.name}`"
    )


def _changes(extends: str, path: Path) -> Iterator[str]:
    """Yield the lines of a spec that extends another, with its parameters and weights in comments."""
    from lossspec.language.load import load

    if Reference.parse(extends).is_path:
        raise click.UsageError(f"`{extends}` is a path: --extends needs the name of a spec")
    base = load(extends)
    yield f"# Changes to {base.reference}. `lossspec show {base.reference}` prints it in full;"
    yield f"# `lossspec diff {base.reference} {path}` shows the changes term by term."
    yield "format = 1"
    yield f'extends = "{base.reference}"'
    yield 'description = "What this changes, and why."'
    yield ""
    yield "# The values of the extended spec: uncomment a line to change it."
    for name, value in base.params.items():
        yield f"# params.{name} = {toml(value)}"
    for name, term in base.losses.items():
        weight = term.weight if isinstance(term.weight, int | float) else term.weight.to_table()
        yield f"# losses.{name}.weight = {toml(weight)}"
    yield ""
