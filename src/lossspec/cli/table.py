"""``lossspec table``: print the weight of every term at chosen epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.options import format_option, load_option, overlay_options, run_length_options
from lossspec.cli.text import echo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.report.forecast.weights import RunLength

#: The number of epochs shown by default, evenly spaced.
COLUMNS = 5


def _epochs(text: str) -> tuple[float, ...]:
    """Read epochs such as ``0,50,99.5``."""
    try:
        epochs = tuple(map(float, text.split(",")))
    except ValueError:
        raise click.BadParameter(f"must be epochs such as 0,50,100, got {text!r}") from None
    if not all(0 <= epoch < 1e9 for epoch in epochs):
        raise click.BadParameter(f"epochs must be at least 0 and below 1e9, got {text!r}")
    return epochs


@click.command("table")
@click.argument("reference", shell_complete=references)
@click.option(
    "--at",
    type=_epochs,
    metavar="EPOCH,...",
    help="The epochs to show, such as 0,50,100. Default: five over the run.",
)
@format_option("text", "csv", "json")
@run_length_options
@overlay_options
@load_option
def table_command(
    reference: str,
    *,
    at: tuple[float, ...] | None,
    format_: str,
    run: RunLength,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
) -> None:
    """Print the applied weight of every term at chosen epochs.

    The applied weight is the term's weight times its objective's. REFERENCE is the name or path of a spec,
    with +VARIANT for each variant.

    Example: lossspec table pix2pix+decay --at 0,50,100,150,199
    """
    from lossspec.language.load import load
    from lossspec.report.forecast.table import weight_table

    last = run.epochs - 1
    spread = sorted({round(last * part / (COLUMNS - 1)) for part in range(COLUMNS)})
    table = weight_table(load(reference, params, overlay), run, at or spread)
    text = {"text": table.text, "csv": table.csv, "json": table.json}[format_]()
    echo(text.rstrip("\n"))
