"""``lossspec table``: print the weight of every term at chosen epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.options import load_option, overlay_options, plan_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.report.forecast.weights import Plan

#: The number of epochs shown by default, evenly spaced.
COLUMNS = 5


class Epochs(click.ParamType[tuple[float, ...]]):
    """Epochs, separated by commas."""

    name = "EPOCH,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Read ``0,50,99.5``."""
        if isinstance(value, tuple):
            return value
        try:
            epochs = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"must be epochs such as 0,50,100, got {value!r}", param, ctx)
        if not all(0 <= epoch < 1e9 for epoch in epochs):
            self.fail(f"epochs must be at least 0 and below 1e9, got {value!r}", param, ctx)
        return epochs


@click.command("table")
@click.argument("reference", shell_complete=references)
@click.option("--at", type=Epochs(), help="The epochs to show, such as 0,50,100. Default: five over the run.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@plan_options
@overlay_options
@load_option
def table_command(
    reference: str,
    *,
    at: tuple[float, ...] | None,
    format_: str,
    plan: Plan,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
) -> None:
    """Print the applied weight of every term at chosen epochs.

    The applied weight is the term's weight times its objective's.

    Example: lossspec table pix2pix+decay --at 0,50,100,150,199
    """
    from lossspec.language.load import load
    from lossspec.report.forecast.table import weight_table

    last = plan.epochs - 1
    spread = sorted({round(last * part / (COLUMNS - 1)) for part in range(COLUMNS)})
    table = weight_table(load(reference, params, overlay), plan, at or spread)
    text = {"text": table.text, "csv": table.csv, "json": table.json}[format_]()
    click.echo(text.rstrip("\n"))
