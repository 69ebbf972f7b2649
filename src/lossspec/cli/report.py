"""``lossspec report``: one page of HTML about a run, or several compared."""

from __future__ import annotations

from pathlib import Path

import click

from lossspec.cli.options import load_option

NAME = "report.html"


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file; report.html in the first run.",
)
@click.option(
    "--points",
    type=click.IntRange(min=10, max=100_000),
    default=2000,
    show_default=True,
    help="How many points a curve has at most; each keeps its lowest, mean and highest value.",
)
@load_option
def report_command(runs: tuple[Path, ...], output: Path | None, points: int) -> None:
    """Write a page about runs: their formula, curves, weights, shares of the total, and spec.

    RUN is the folder of a run, or its loss_log.jsonl. The page is one file that needs no network.

    Example: lossspec report runs/7 runs/8 -o compared.html
    """
    from lossspec.log.reader import read_log  # `--help` does not pay
    from lossspec.report.run.page import write_report

    logs = [read_log(run) for run in runs]
    path = output or logs[0].path.parent / NAME
    try:
        click.echo(write_report(logs, path, points))
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error
