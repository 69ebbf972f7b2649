"""``lossspec describe``: describe a loss type, a balancer, a spec or a schedule."""

from __future__ import annotations

import os

import click

from lossspec.cli.complete import described
from lossspec.cli.options import load_option
from lossspec.cli.text import echo
from lossspec.errors import UnknownNameError
from lossspec.names import abbreviate

_SEARCH = "search with `lossspec list WORD`, `lossspec list losses WORD` or `lossspec list schedules WORD`"


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
            echo(describe_type(name))
        else:
            from lossspec.report.describe.spec import describe_spec

            echo(describe_spec(name))
    except UnknownNameError:
        text = describe_schedule(name) or named_like(name)
        if text is None:
            if "." in name or os.path.isfile(f"{name.partition('+')[0]}.loss.toml"):  # noqa: PTH113 - as in search
                raise  # it says what to write
            near = _nearest(name)
            help_ = f"one with a similar name exists: `{near}`" if near else _SEARCH
            raise UnknownNameError(f"unknown name `{abbreviate(name)}`: {help_}") from None
        echo(text)


def _nearest(name: str) -> str | None:
    """Return the spec, schedule or type that is nearest to a name that nothing has, in any case."""
    from lossspec.language.documents.search import every
    from lossspec.names import nearest
    from lossspec.registry import balancers, summaries
    from lossspec.schedules import types

    whole = {each.partition(".")[2]: each for each in (*summaries(), *balancers())}
    known = {each.name: each.name for each in every()} | {each: each for each in types()} | whole
    found = nearest(name, known) or nearest(name.casefold(), map(str.casefold, known))
    exact = {each.casefold(): each for each in known} | {each: each for each in known}
    return known[exact[found]] if found else None
