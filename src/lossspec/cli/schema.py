"""``lossspec schema``: the JSON Schema of the language, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lossspec.cli.options import load_option


@click.command("schema")
@load_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it to a file instead.")
def schema_command(output: Path | None) -> None:
    """Print the JSON Schema of the language, with every loss type that is known here.

    Name the file in the first line of a spec, and the editor completes and checks it:
    #:schema lossspec.schema.json
    """
    from lossspec.registry import balancers, types  # noqa: PLC0415 - `--help` does not pay
    from lossspec.spec.schema import generate  # noqa: PLC0415

    text = json.dumps(generate(types(), balancers()), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
