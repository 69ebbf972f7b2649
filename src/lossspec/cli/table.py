"""``lossspec table``: the weights of a spec at chosen epochs, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.options import load_option, overlay_options, plan_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.report.forecast.weights import Plan

#: Where the weights are shown unless the user says: so many epochs, evenly spread.
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
            self.fail(f"{value!r} is no list of epochs: write them as 0,50,100", param, ctx)
        if not all(0 <= epoch < 1e9 for epoch in epochs):
            self.fail(f"{value!r}: epochs are counted from 0", param, ctx)
        return epochs


@click.command("table")
@click.argument("reference", shell_complete=references)
@click.option(
    "--at", type=Epochs(), help="The epochs to show, such as 0,50,100; five of the run unless given."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="How the weights are shown.",
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
    """Print the weight of every term at some epochs, as a manager would apply it.

    Example: lossspec table pix2pix+decay --at 0,50,100,150,199
    """
    from lossspec.language.load import load
    from lossspec.report.forecast.table import weight_table  # `--help` does not pay

    last = plan.epochs - 1
    spread = sorted({round(last * part / (COLUMNS - 1)) for part in range(COLUMNS)})
    table = weight_table(load(reference, params, overlay), plan, at or spread)
    text = {"text": table.text, "csv": table.csv, "json": table.json}[format_]()
    click.echo(text.rstrip("\n"))
