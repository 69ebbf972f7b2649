"""``lossspec describe``: describe a loss type, a balancer, a spec or a schedule."""

from __future__ import annotations

import click

from lossspec.cli.complete import described
from lossspec.cli.options import load_option
from lossspec.cli.text import echo
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
            echo(describe_type(name))
        else:
            from lossspec.report.describe.spec import describe_spec

            echo(describe_spec(name))
    except UnknownNameError:
        text = describe_schedule(name) or named_like(name)
        if text is None:
            if "." not in name and (near := _nearest(name)):
                raise UnknownNameError(
                    f"unknown name `{name}`: one with a similar name exists: `{near}`"
                ) from None
            raise
        echo(text)


def _nearest(name: str) -> str | None:
    """Return the schedule or type that is nearest to a name that nothing has, unless a spec is nearer."""
    from lossspec.language.documents.search import every
    from lossspec.names import nearest
    from lossspec.registry import balancers, summaries
    from lossspec.schedules import types

    whole = {each.partition(".")[2]: each for each in (*summaries(), *balancers())}
    found = nearest(name, [*(each.name for each in every()), *types(), *whole])
    return whole.get(found, found if found in types() else None) if found else None
