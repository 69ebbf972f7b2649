"""``lossspec diff``: compare two specs term by term."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lossspec.clean import json as clean_json
from lossspec.clean import line as clean_line
from lossspec.cli.complete import references
from lossspec.cli.options import format_option, load_option
from lossspec.cli.text import echo, error_text, is_colored
from lossspec.errors import LossSpecError
from lossspec.report.describe.text import toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.language.model import Spec
    from lossspec.report.diff import Change

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


@click.command("diff")
@click.argument("first", shell_complete=references)
@click.argument("second", shell_complete=references)
@format_option("text", "json")
@load_option
def diff_command(first: str, second: str, format_: str) -> None:
    """Compare two specs term by term: what the second adds, removes and changes.

    Only what changes the computation counts: descriptions and tags are ignored. Exit code 0: the two compute
    the same. 1: they differ. 2: one of them cannot be loaded.

    Example: lossspec diff pix2pix my/pix2pix.loss.toml+vgg
    """
    from lossspec.language.load import load
    from lossspec.report.diff import differences

    try:
        before, after = load(first), load(second)
    except LossSpecError as error:  # exit code 1 means that they differ, as with `diff`
        echo(error_text(error), err=True)
        raise SystemExit(2) from None
    changes = differences(before, after)
    if format_ == "json":
        echo(_json(before, after, changes))
    else:
        for line in _text(before, after, changes):
            echo(line, color=is_colored())
    if changes:
        raise SystemExit(1)


def _json(before: Spec, after: Spec, changes: Sequence[Change]) -> str:
    first, second = ({"reference": spec.reference, "digest": spec.digest} for spec in (before, after))
    rows = [
        {"path": ".".join(each.path), "kind": each.kind, "before": each.before, "after": each.after}
        for each in changes
    ]
    document = {"first": first, "second": second, "same": not changes, "changes": rows}
    return clean_json(json.dumps(document, indent=2, ensure_ascii=False))


def _text(before: Spec, after: Spec, changes: Sequence[Change]) -> Iterator[str]:
    from lossspec.names import abbreviate

    if not changes:
        yield f"{before.reference} and {after.reference} compute the same"
        return
    rows = [
        (*SIGNS[each.kind], abbreviate(clean_line(".".join(each.path))), _details(before, after, each))
        for each in changes
    ]
    width = max(len(path) for _, _, path, _ in rows)
    for sign, colour, path, details in rows:
        yield f"{click.style(f'{sign} {path:<{width}}', fg=colour)}  {details}"


def _details(before: Spec, after: Spec, change: Change) -> str:
    if change.path == ("losses",):
        return f"summed in a different order: {', '.join(map(str, _list(change.after)))}"
    if change.kind == "changed":
        return f"{_value(change.before)} → {_value(change.after)}"
    spec, value = (after, change.after) if change.kind == "added" else (before, change.before)
    section, name, *more = change.path
    return _value(value) if more or section != "losses" else _term(spec, name)


def _term(spec: Spec, name: str) -> str:
    """Return the formula of a term and the name of its objective."""
    from lossspec.report.formula.math.notation import PLAIN
    from lossspec.report.formula.terms import TermWriter

    sign, text = TermWriter.of(spec, PLAIN).weighted(spec.losses[name])
    return f"{PLAIN.minus if sign == '-' else ''}{text} in {spec.losses[name].objective}"


def _value(value: object) -> str:
    return "none" if value is None else toml(value)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
