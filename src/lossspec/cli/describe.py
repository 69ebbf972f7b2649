"""``lossspec describe``: what a loss type, a balancer, a spec or a schedule is, and how it is written."""

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
    """Describe NAME: a loss type, a balancer, a spec with its variants, or a schedule.

    A loss type is found by its class, too, if no other library has one of that name.

    Example: lossspec describe piq.SSIMLoss
    """
    from lossspec.cli.describe_type import describe_type, named_like  # `--help` does not pay

    try:
        if "." in name and ".loss.toml" not in name:
            click.echo(describe_type(name))
        else:
            from lossspec.cli.describe_spec import describe_spec  # a type pays for no specs

            click.echo(describe_spec(name))
    except UnknownNameError:
        text = describe_schedule(name) or named_like(name)
        if text is None:
            raise
        click.echo(text)


def describe_schedule(name: str) -> str | None:
    """Return the docstring of a schedule, or None if there is none."""
    found = schedules.find(name)
    if found is None:
        return None
    return f"{name}: {inspect.getdoc(found) or ''}"
