"""``lossspec show``: print a resolved spec as TOML, JSON or a formula."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lossspec.clean import comment as clean_comment
from lossspec.clean import json as clean_json
from lossspec.cli.complete import references
from lossspec.cli.options import format_option, load_option, overlay_options
from lossspec.cli.text import echo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.language.model import Spec


@click.command("show")
@click.argument("reference", shell_complete=references)
@format_option("toml", "json", "unicode", "latex", "markdown")
@overlay_options
@load_option
def show_command(
    reference: str, format_: str, params: Mapping[str, object], overlay: Mapping[str, object]
) -> None:
    """Print a resolved spec: variants applied, parameters filled in, with its digest.

    REFERENCE is the name or path of a spec, with +VARIANT for each variant. The formats unicode, latex and
    markdown are formulas.

    Example: lossspec show pix2pix+vgg --param lambda_l1=50 --format unicode
    """
    from lossspec.language.load import load
    from lossspec.report import formula

    written = {
        "toml": _toml,
        "json": _json,
        "unicode": formula.unicode,
        "latex": formula.latex,
        "markdown": formula.markdown,
    }
    echo(written[format_](load(reference, params, overlay)).rstrip("\n"))


def _toml(spec: Spec) -> str:
    from lossspec.language.write import write

    params = "".join(f"# {name} = {clean_comment(repr(value))}\n" for name, value in spec.params.items())
    return f"# {clean_comment(spec.reference)}, digest {spec.digest}\n{params}\n{write(spec)}"


def _json(spec: Spec) -> str:
    from lossspec.language.write import to_table

    head = {"reference": spec.reference, "digest": spec.digest, "params": dict(spec.params)}
    return clean_json(json.dumps({**head, "document": to_table(spec)}, indent=2, ensure_ascii=False))
