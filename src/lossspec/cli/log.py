"""``lossspec log``: show, convert or plot the loss log of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossspec.clean import json as clean_json
from lossspec.cli.groups import Suggesting
from lossspec.cli.options import FilePath, format_option
from lossspec.cli.text import echo, write_output, writing

if TYPE_CHECKING:
    from lossspec.log.reading.columns import LossColumns
    from lossspec.log.reading.reader import LossLogData

_RUN = click.argument("run", type=FilePath(path_type=Path))


@click.group("log", cls=Suggesting)
def log_command() -> None:
    """Show, convert or plot the loss log of a run.

    RUN is the folder of a run, or its loss_log.jsonl.

    Example: lossspec log show runs/7
    """


@log_command.command("show")
@_RUN
@format_option("text", "json")
def show(run: Path, format_: str) -> None:
    """Print a summary line per loss.

    It has the first, last, lowest and mean weighted value, and the number of NaNs.

    Example: lossspec log show runs/7
    """
    import json

    from lossspec.report.draw.text import figure, grid

    log = _read(run)
    about = log.header.get("losses", {})
    terms = [each.get("objective") for each in about.values()]
    found = {
        name if section == "training" else f"{name} ({section})": _summary(columns)
        for section, losses in log.sections().items()
        for name, columns in {**losses, **log.totals_of(section)}.items()
        if "/" not in name or terms.count(name.rpartition("/")[2]) > 1
    }
    if format_ == "json":
        echo(json.dumps({"spec": log.header.get("spec"), "losses": found, "lost": log.lost}))
        return
    rows: list[tuple[str, ...]] = [("loss", "values", "first", "last", "min", "mean", "NaN")]
    for name, each in found.items():
        numbers = [figure(each[key]) for key in ("first", "last", "min", "mean")]
        rows.append((name, str(each["values"]), *numbers, str(each["nan"])))
    echo(f"{log.header.get('spec') or 'no spec'}, {log.path}")
    echo(grid(rows))
    for name, count in log.lost.items():
        echo(f"{name}: {count} values were lost because the log could not be written")


@log_command.command("export")
@_RUN
@format_option("json", "csv", "tensorboard", "nectargan")
@click.option(
    "-o",
    "--output",
    type=FilePath(path_type=Path),
    help="The file to write, or the folder for TensorBoard. Default: the terminal, or the run's folder.",
)
def export(run: Path, format_: str, output: Path | None) -> None:
    """Convert a loss log.

    The formats are a JSON document, CSV with a line per value, TensorBoard events, and NectarGAN's
    loss_log.json.

    Example: lossspec log export runs/7 --format csv -o losses.csv
    """
    from lossspec.log.export import as_csv, as_json, as_reference
    from lossspec.log.tensorboard import write_events

    log = _read(run)
    if format_ == "tensorboard":
        events = output or log.path.parent / "tensorboard"
        with writing(events):
            echo(write_events(log, events))
        return
    writers = {"json": as_json, "csv": as_csv, "nectargan": as_reference}
    text = writers[format_](log)
    write_output(text if format_ == "csv" else clean_json(text), output)


@log_command.command("plot")
@_RUN
@click.option(
    "-o",
    "--output",
    type=FilePath(path_type=Path),
    help="The folder for the pictures. Default: the run's.",
)
def plot(run: Path, output: Path | None) -> None:
    """Plot the losses and weights as losses.png and weights.png, and each validation section by itself.

    Example: lossspec log plot runs/7 -o pictures
    """
    from lossspec.report.run.plot import plot_run

    log = _read(run)
    folder = output or log.path.parent
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        paths = plot_run(log, folder)
    for path in paths:
        echo(path)


def _read(run: Path) -> LossLogData:
    from lossspec.log.reading.reader import read_log

    return read_log(run)


def _summary(columns: LossColumns) -> dict[str, float | None]:
    from math import isfinite, isnan

    values = list(columns.weighted)
    pairs = [pair for pair in zip(values, columns.batch_size, strict=True) if isfinite(pair[0]) and pair[1]]
    finite = [value for value, _ in pairs]
    samples = sum(count for _, count in pairs)
    return {
        "values": len(values),
        "first": next(iter(finite), None),
        "last": finite[-1] if finite else None,
        "min": min(finite, default=None),
        "mean": sum(value * count for value, count in pairs) / samples if finite else None,
        "nan": sum(map(isnan, values)),
    }
