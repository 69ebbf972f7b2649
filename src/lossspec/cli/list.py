"""``lossspec list``: list specs, loss types, balancers or schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossspec.cli.options import load_option

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group("list", invoke_without_command=True)
@click.pass_context
def list_command(context: click.Context) -> None:
    """List the specs on the search path, or what a COMMAND names.

    The search path is LOSSSPEC_PATH, ./specs, installed plug-ins, then the specs shipped with lossspec.

    Example: lossspec list losses ssim
    """
    if context.invoked_subcommand is None:
        _list_specs()


def _list_specs() -> None:
    from lossspec.language.documents.search import every

    found = every()
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.path}  ({each.folder.owner})")
        for path in each.shadows:
            click.echo(f"{'':<{width}}  shadows {path}")


@click.command("losses")
@click.argument("word", required=False, default="")
@click.option("--library", metavar="NAME", help="Only this library, such as torch, piq or lossspec.")
@load_option
def losses_command(word: str, library: str | None) -> None:
    """List loss types.

    With WORD, only those whose name or summary contains it.

    Example: lossspec list losses ssim
    """
    from lossspec.errors import UnknownNameError
    from lossspec.names import unknown
    from lossspec.registry import libraries, summaries

    if library is not None and library not in libraries():
        raise UnknownNameError(unknown("library", library, libraries()))
    _show(summaries(library), "loss type", word)


list_command.add_command(losses_command)


@click.command("balancers")
@click.argument("word", required=False, default="")
@load_option
def balancers_command(word: str) -> None:
    """List balancers.

    With WORD, only those whose name or summary contains it.

    Example: lossspec list balancers
    """
    from lossspec.registry import balancers

    _show({name: each.summary for name, each in balancers().items()}, "balancer", word)


list_command.add_command(balancers_command)


@click.command("schedules")
@click.argument("word", required=False, default="")
@load_option
def schedules_command(word: str) -> None:
    """List schedule types.

    With WORD, only those whose name or summary contains it.

    Example: lossspec list schedules
    """
    from lossspec import schedules

    found = {name: (each.__doc__ or "").partition("\n")[0] for name, each in schedules.types().items()}
    _show(found, "schedule type", word)


list_command.add_command(schedules_command)


def _show(types: Mapping[str, str], kind: str, word: str) -> None:
    from lossspec.errors import UnknownNameError

    sought = word.casefold()
    found = {name: text for name, text in types.items() if sought in f"{name} {text}".casefold()}
    if not found:
        raise UnknownNameError(f"no {kind} has `{word}` in its name or summary: leave it out to list all")
    width = max(map(len, found))
    click.echo("\n".join(f"{name:<{width}}  {text}".rstrip() for name, text in found.items()))
