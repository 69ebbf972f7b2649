"""``lossspec explain``: explain an error or warning code."""

from __future__ import annotations

import click

from lossspec.cli.complete import explained
from lossspec.cli.text import echo
from lossspec.language.diagnostics.codes import codes, text
from lossspec.names import unknown


@click.command("explain")
@click.argument("code", required=False, shell_complete=explained)
def explain_command(code: str | None) -> None:
    """Explain an error or warning CODE: what is wrong, why it matters, an example and the fix.

    Without CODE, list all codes.

    Example: lossspec explain unknown-key
    """
    table = codes()
    if code is None:
        width = max(map(len, table))
        for each in table.values():
            echo(f"{each.name:{width}}  {each.title}")
    elif code in table:
        echo(text(table[code]))
    else:
        raise click.UsageError(unknown("code", code, table))
