"""``lossspec schema``: print the JSON Schema of the language, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lossspec.cli.options import FilePath, load_option
from lossspec.cli.text import write_output


@click.command("schema")
@load_option
@click.option("-o", "--output", type=FilePath(path_type=Path), help="Write to this file, not the terminal.")
@click.option("--catalog", is_flag=True, help="Print the schema of plug-in catalogues instead.")
def schema_command(output: Path | None, *, catalog: bool) -> None:
    """Print the JSON Schema of the language, with every loss type that is installed or loaded.

    An editor completes and checks a spec whose first line names the file:
    #:schema lossspec.schema.json
    """
    from lossspec.language.schema.generate import generate
    from lossspec.registry import balancers, types

    if catalog:
        from lossspec.registry.catalog_faults import schema_path

        text = schema_path().read_text("utf-8")
    else:
        text = json.dumps(generate(types(), balancers()), indent=1, ensure_ascii=False) + "\n"
    write_output(text, output)
