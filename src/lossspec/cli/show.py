"""``lossspec show``: a spec with its variants applied and its parameters filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossspec.cli.options import load_option, overlay_options

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("show")
@click.argument("reference")
@overlay_options
@load_option
def show_command(reference: str, params: Mapping[str, object], overlay: Mapping[str, object]) -> None:
    """Print a spec as it is built: variants applied, parameters filled in, and its digest.

    Example: lossspec show pix2pix+vgg --param lambda_l1=50 --set losses.G_L1.at_zero='"record"'
    """
    from lossspec.spec.load import load  # noqa: PLC0415 - `--help` does not pay
    from lossspec.spec.write import write  # noqa: PLC0415

    spec = load(reference, params, overlay)
    click.echo(f"# {spec.reference}, digest {spec.digest}")
    for name, value in spec.params.items():
        click.echo(f"# {name} = {value!r}")
    click.echo()
    click.echo(write(spec), nl=False)
