"""``lossspec import``: write the losses of another library's configuration as a spec."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossspec.cli.options import FilePath
from lossspec.cli.text import echo, write_output
from lossspec.language.text.reference import SUFFIX
from lossspec.paths import user_path

if TYPE_CHECKING:
    from lossspec.convert import Imported

_IS_FUNCTION = re.compile(r"[\w.]+:\w*").fullmatch
_PEERS = ("nectargan", "basicsr", "trainner-redux", "neosr", "keras", "monai")


@click.command("import")
@click.argument("file", metavar="FILE|MODULE:FUNCTION")
@click.option("--from", "peer", type=click.Choice(_PEERS), help="Whose file it is, if it is not clear.")
@click.option(
    "--arg",
    "arg_texts",
    multiple=True,
    metavar="NAME=VALUE",
    help="Pass an argument to the function: a TOML value, or the configuration @FILE[#KEY]. Can be repeated.",
)
@click.option("-o", "--output", type=FilePath(path_type=Path), help="Write to this file, not the terminal.")
@click.option("--partial", is_flag=True, help="Exit with 0 even if something could not be carried over.")
def import_command(
    file: str, peer: str | None, arg_texts: tuple[str, ...], output: Path | None, partial: bool
) -> None:
    """Write the losses of another library's configuration as a spec.

    FILE is a JSON, TOML, YAML or .keras file; no code in it runs. MODULE:FUNCTION is imported and called, and
    must return losses. What lossspec computes the same way is written, with comments that say where
    each value comes from; the rest is listed on stderr, and the exit code is 1.

    Example: lossspec import train_ESRGAN_x4.yml --from basicsr -o specs/esrgan_x4.loss.toml
    """
    if output is not None and not output.name.endswith(SUFFIX):
        raise click.UsageError(f"`{output}` must end in `{SUFFIX}`")
    imported = _imported(file, peer, arg_texts)
    for each in imported.missing:
        echo(f"not carried over: {each}", err=True)
    if not imported.losses:
        raise click.ClickException(f"no loss of `{file}` can be carried over; nothing was written")
    from lossspec.convert import to_toml  # `--help` does not pay

    write_output(to_toml(imported), output)
    if imported.missing and not partial:
        raise SystemExit(1)


def _imported(file: str, peer: str | None, arg_texts: tuple[str, ...]) -> Imported:
    if _IS_FUNCTION(file):
        if peer:
            raise click.UsageError("`--from` is for files, not for functions")
        from lossspec.cli.import_function import import_function

        return import_function(file, arg_texts)
    if arg_texts:
        raise click.UsageError("`--arg` is for functions, not for files")
    from lossspec.convert import import_file

    return import_file(user_path(file), peer)
