"""``lossspec list``: what specs there are, where each was found, and what it shadows."""

from __future__ import annotations

import click


@click.command("list")
def list_command() -> None:
    """List the specs of the search path: LOSSSPEC_PATH, ./specs, installed plug-ins, shipped ones."""
    from lossspec.spec.find import every  # noqa: PLC0415 - `--help` does not pay

    found = every()
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.path}  ({each.folder.owner})")
        for path in each.shadows:
            click.echo(f"{'':<{width}}  shadows {path}")
