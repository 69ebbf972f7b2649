"""``lossspec report``: write an HTML report on one run, or comparing several."""

from __future__ import annotations

from pathlib import Path

import click

from lossspec.cli.options import FilePath, load_option
from lossspec.cli.text import echo, unwritable

NAME = "report.html"


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=FilePath(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=FilePath(path_type=Path, dir_okay=False),
    help="The file to write. Default: report.html in the folder of the first run.",
)
@click.option(
    "--points",
    type=click.IntRange(min=10, max=100_000),
    default=2000,
    show_default=True,
    help="The most points of a curve. Each shows the mean, lowest and highest of the values it stands for.",
)
@load_option
def report_command(runs: tuple[Path, ...], output: Path | None, points: int) -> None:
    """Write an HTML report: formula, curves, weights, shares of the total, and spec.

    RUNS are folders of runs, or their loss_log.jsonl. The report is one file and needs no network.

    Example: lossspec report runs/7 runs/8 -o compared.html
    """
    from lossspec.log.reading.reader import read_log
    from lossspec.report.run.page import write_report

    logs = [read_log(run) for run in runs]
    path = output or logs[0].path.parent / NAME
    try:
        echo(write_report(logs, path, points))
    except OSError as error:
        raise unwritable(path, error) from error
