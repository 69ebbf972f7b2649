"""``lossspec list``: list specs, loss types, balancers or schedules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lossspec.cli.options import load_option
from lossspec.cli.text import echo, width

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.language.documents.listing import Listed


#: The group of a spec, by the rank of its folder.
_GROUPS = {1: "yours", 2: "yours", 3: "plug-ins", 4: "shipped"}
_ORDER = dict.fromkeys(_GROUPS.values())


class _List(click.Group):
    """The group ``list``: what is no command of it is a word to find specs by."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_help = bool(args) and args[0] in self.get_help_option_names(ctx)
        if not is_help and (not args or args[0] not in self.commands):
            args = ["specs", *args]
        return super().parse_args(ctx, args)


@click.group("list", cls=_List, subcommand_metavar="[WORD] | COMMAND [ARGS]...")
def list_command() -> None:
    """List the specs on the search path, or what a COMMAND names.

    With WORD, only the specs that have it in their name, description or references, or in the types of their
    losses: `lossspec list specs --help` has more.

    Example: lossspec list hinge
    """


@click.command("specs")
@click.argument("word", required=False, default="")
@click.option("--paths", is_flag=True, help="Show the file of each spec too.")
def specs_command(word: str, *, paths: bool) -> None:
    """List the specs on the search path: yours, those of plug-ins, those shipped with lossspec.

    The search path is LOSSSPEC_PATH, ./specs, installed plug-ins, then the shipped specs. With WORD, only the
    specs that have it in their name, description or references, or in the types of their losses and what
    those say, such as lpips or hinge; also in their variants.

    Example: lossspec list specs lpips
    """
    from lossspec.errors import UnknownNameError
    from lossspec.language.documents.listing import listed
    from lossspec.names import nearest

    found = [each for each in listed() if each.has(word)]
    if not found:
        near = nearest(word, list_command.commands)
        hint = f"for the command, write `lossspec list {near}`" if near else "leave it out to list all"
        raise UnknownNameError(f"no spec has `{word}` in its name, description, references or types: {hint}")
    groups: dict[str, list[Listed]] = {}
    for each in found:
        groups.setdefault(_GROUPS[each.found.folder.rank], []).append(each)
    longest = max(len(each.found.name) for each in found)
    blocks = [
        "\n".join(_group(name, groups[name], longest, paths=paths)) for name in _ORDER if name in groups
    ]
    echo("\n\n".join(blocks))


list_command.add_command(specs_command)


def _group(name: str, specs: Sequence[Listed], longest: int, *, paths: bool) -> Iterator[str]:
    from lossspec.language.summary import cut, first_sentence

    room = width(10_000) if sys.stdout.isatty() else 10_000
    yield name
    for each in specs:
        found = each.found
        text = first_sentence(each.description)
        text += f" ({found.folder.owner})" if name == "plug-ins" else ""
        text += "" if each.is_readable else f": lossspec validate {found.path}"
        yield cut(f"  {found.name:<{longest}}  {text}".rstrip(), room)
        if paths:
            yield f"  {'':<{longest}}  {found.path}"
        for path in found.shadows:
            yield f"  {'':<{longest}}  shadows {path}"


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
    found = summaries(library)
    if not found:
        raise UnknownNameError(f"library `{library}` has balancers only: `lossspec list balancers {library}`")
    _show(found, "loss type", word)


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
    echo("\n".join(f"{name:<{width}}  {text}".rstrip() for name, text in found.items()))
