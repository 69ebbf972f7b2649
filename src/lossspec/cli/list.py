"""``lossspec list``: what specs there are, where each was found, and what it shadows."""

from __future__ import annotations

import click

from lossspec.cli.list_losses import balancers_command, losses_command, schedules_command


@click.group("list", invoke_without_command=True)
@click.pass_context
def list_command(context: click.Context) -> None:
    """List the specs of the search path: LOSSSPEC_PATH, ./specs, installed plug-ins, shipped ones.

    Example: lossspec list losses ssim
    """
    if context.invoked_subcommand is None:
        _list_specs()


def _list_specs() -> None:
    from lossspec.spec.find import every  # `--help` does not pay

    found = every()
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.path}  ({each.folder.owner})")
        for path in each.shadows:
            click.echo(f"{'':<{width}}  shadows {path}")


list_command.add_command(losses_command)
list_command.add_command(balancers_command)
list_command.add_command(schedules_command)
