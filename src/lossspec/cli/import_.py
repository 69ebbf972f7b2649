"""``lossspec import``: the configuration of another library as a spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossspec.language.text.reference import SUFFIX

if TYPE_CHECKING:
    from lossspec.convert import Imported

_PEERS = ("nectargan", "basicsr", "trainner-redux", "neosr", "keras", "monai")


@click.command("import")
@click.argument("file", metavar="FILE|MODULE:FUNCTION")
@click.option(
    "--from", "peer", type=click.Choice(_PEERS), help="Whose file it is; guessed where it is clear."
)
@click.option(
    "--arg",
    "arg_texts",
    multiple=True,
    metavar="NAME=VALUE",
    help="An argument of the function: a TOML value, or @FILE[#KEY], a configuration. May be repeated.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it to a file instead.")
@click.option("--partial", is_flag=True, help="Exit with 0 even if something was not carried over.")
def import_command(
    file: str, peer: str | None, arg_texts: tuple[str, ...], output: Path | None, partial: bool
) -> None:
    """Write the losses of another library's configuration as a spec.

    FILE is JSON, TOML, YAML or a .keras file; nothing in it is run. Or the losses are those that a function
    returns, which is imported and called. What can't be carried over is listed on stderr, and the exit code
    is then 1.

    Example: lossspec import train_ESRGAN_x4.yml --from basicsr -o specs/esrgan_x4.loss.toml
    """
    if output is not None and not output.name.endswith(SUFFIX):
        raise click.UsageError(f"`{output}` must end in `{SUFFIX}`")
    imported = _imported(file, peer, arg_texts)
    for each in imported.missing:
        click.echo(f"not carried over: {each}", err=True)
    if not imported.losses:
        raise click.ClickException(f"none of the losses of `{file}` can be carried over: nothing is written")
    from lossspec.convert import to_toml  # `--help` does not pay

    text = to_toml(imported)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"`{output}` can't be written: {error.strerror}") from error
    if imported.missing and not partial:
        raise SystemExit(1)


def _imported(file: str, peer: str | None, arg_texts: tuple[str, ...]) -> Imported:
    path = Path(file)
    if ":" in file and not path.exists():
        if peer:
            raise click.UsageError("`--from` is for files: a function needs none")
        from lossspec.cli.import_function import import_function

        return import_function(file, arg_texts)
    if arg_texts:
        raise click.UsageError("`--arg` is for functions: a file takes no arguments")
    from lossspec.convert import import_file

    return import_file(path, peer)
