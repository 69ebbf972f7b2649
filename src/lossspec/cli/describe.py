"""``lossspec describe``: what a loss type, a balancer, a spec or a schedule is, and how it is written."""

from __future__ import annotations

import click

from lossspec.cli.complete import described
from lossspec.cli.options import load_option


@click.command("describe")
@click.argument("name", shell_complete=described)
@load_option
def describe_command(name: str) -> None:
    """Describe NAME: a loss type or balancer if it has a dot, else a spec, with its variants, or a schedule.

    Example: lossspec describe piq.SSIMLoss
    """
    if "." in name and ".loss.toml" not in name:
        from lossspec.cli.describe_type import describe_type  # noqa: PLC0415 - a type pays for no specs

        click.echo(describe_type(name))
        return
    from lossspec.cli.describe_spec import describe_spec  # noqa: PLC0415

    click.echo(describe_spec(name))
