"""``lossspec describe``: describe a loss type, a balancer, a spec or a schedule."""

from __future__ import annotations

import click

from lossspec.cli.complete import described
from lossspec.cli.options import load_option
from lossspec.errors import UnknownNameError


@click.command("describe")
@click.argument("name", shell_complete=described)
@load_option
def describe_command(name: str) -> None:
    """Describe NAME: a loss type, a balancer, a spec and its variants, or a schedule.

    The library of a loss type can be left out if no other library has a class of that name.

    Example: lossspec describe piq.SSIMLoss
    """
    from lossspec.report.describe.schedule import describe_schedule
    from lossspec.report.describe.type import describe_type, named_like

    try:
        if "." in name and ".loss.toml" not in name:
            click.echo(describe_type(name))
        else:
            from lossspec.report.describe.spec import describe_spec

            click.echo(describe_spec(name))
    except UnknownNameError:
        text = describe_schedule(name) or named_like(name)
        if text is None:
            raise
        click.echo(text)
