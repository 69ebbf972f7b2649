"""``lossspec report``: one page of HTML about a run, or several compared."""

from __future__ import annotations

import os
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
    from lossspec.manager.log_reader import read_log  # noqa: PLC0415 - `--help` does not pay
    from lossspec.report.html import report  # noqa: PLC0415
    from lossspec.report.run_data import NamedLog  # noqa: PLC0415

    logs = [read_log(run) for run in runs]
    folders = [log.path.parent for log in logs]
    text = report([NamedLog(*each) for each in zip(names(folders), logs, strict=True)], points)
    path = output or folders[0] / NAME
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error
    click.echo(path)


def names(folders: list[Path]) -> list[str]:
    """Return the shortest endings of paths that tell them apart.

    >>> names([Path("/data/runs/7"), Path("/data/runs/8"), Path("/old/runs/7")])
    ['data/runs/7', '8', 'old/runs/7']
    """
    whole = [Path(os.path.abspath(folder)).parts for folder in folders]  # noqa: PTH100 - links stay
    found = []
    for parts in whole:
        length = 1
        while length < len(parts) and [other[-length:] for other in whole].count(parts[-length:]) > 1:
            length += 1
        found.append(str(Path(*parts[-length:])))
    return found
