"""``lossspec describe``: describe a loss type, a balancer, a spec or a schedule."""

from __future__ import annotations

import inspect

import click

from lossspec import schedules
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
    from lossspec.cli.describe_type import describe_type, named_like

    try:
        if "." in name and ".loss.toml" not in name:
            click.echo(describe_type(name))
        else:
            from lossspec.cli.describe_spec import describe_spec

            click.echo(describe_spec(name))
    except UnknownNameError:
        text = _describe_schedule(name) or named_like(name)
        if text is None:
            raise
        click.echo(text)


def _describe_schedule(name: str) -> str | None:
    found = schedules.find(name)
    return f"{name}: {inspect.getdoc(found) or ''}" if found else None
