"""``lossspec explain``: what a code of a problem means, why it matters, an example and its fix."""

from __future__ import annotations

import click

from lossspec.cli.complete import explained
from lossspec.language.diagnostics.codes import codes, text
from lossspec.names import unknown


@click.command("explain")
@click.argument("code", required=False, shell_complete=explained)
def explain_command(code: str | None) -> None:
    """Tell what a CODE means: what is wrong, why it is not let pass, an example and its fix.

    Without a CODE, list them all.

    Example: lossspec explain unknown-key
    """
    table = codes()
    if code is None:
        width = max(map(len, table))
        for each in table.values():
            click.echo(f"{each.name:{width}}  {each.title}")
    elif code in table:
        click.echo(text(table[code]))
    else:
        raise click.UsageError(unknown("code", code, table))
