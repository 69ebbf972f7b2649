"""``lossspec plot``: plot the weight of every term over a run, before training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.options import FilePath, check_picture, load_option, overlay_options, run_length_options
from lossspec.cli.text import echo, is_colored, width, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.report.forecast.weights import RunLength

#: The widest plot in characters: longer lines are hard to follow.
WIDEST = 120


@click.command("plot")
@click.argument("reference", shell_complete=references)
@click.option(
    "-o",
    "--output",
    type=FilePath(path_type=Path, dir_okay=False),
    help="Write a picture, .svg, .png or .pdf, instead of plotting in the terminal.",
)
@run_length_options
@overlay_options
@load_option
def plot_command(
    reference: str,
    output: Path | None,
    run: RunLength,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
) -> None:
    """Plot the applied weight of every term over a run, one panel per objective.

    The applied weight is the term's weight times its objective's. REFERENCE is the name or path of a spec,
    with +VARIANT for each variant.

    Example: lossspec plot pix2pix+decay --epochs 200 -o weights.svg
    """
    from lossspec.language.load import load
    from lossspec.report.forecast.plot import draw_weights, weights_as_text

    check_picture(output)
    spec = load(reference, params, overlay)
    if output is None:
        colour = is_colored()
        echo(weights_as_text(spec, run, width(WIDEST), colour=colour), color=colour)
        return
    with writing(output):
        draw_weights(spec, run, output)
