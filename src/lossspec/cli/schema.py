"""``lossspec schema``: the JSON Schema of the language, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lossspec.cli.options import load_option


@click.command("schema")
@load_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it to a file instead.")
@click.option("--catalog", is_flag=True, help="Print the schema of a plug-in's catalogue.")
def schema_command(output: Path | None, *, catalog: bool) -> None:
    """Print the JSON Schema of the language, with every loss type that is known here.

    Name the file in the first line of a spec, and the editor completes and checks it:
    #:schema lossspec.schema.json

    With --catalog, it is the schema of the file that lists the losses of a plug-in.
    """
    from lossspec.language.schema.generate import generate
    from lossspec.registry import balancers, types  # `--help` does not pay

    if catalog:
        from lossspec.registry.catalog_faults import schema_path

        text = schema_path().read_text("utf-8")
    else:
        text = json.dumps(generate(types(), balancers()), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
