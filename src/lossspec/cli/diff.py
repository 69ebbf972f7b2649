"""``lossspec diff``: what two specs compute differently, term by term."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.options import load_option
from lossspec.cli.text import is_colored, told, toml
from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.language.model import Spec
    from lossspec.report.diff import Change

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


@click.command("diff")
@click.argument("first", shell_complete=references)
@click.argument("second", shell_complete=references)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the differences are shown.",
)
@load_option
def diff_command(first: str, second: str, format_: str) -> None:
    """Compare two specs term by term: what was added, removed and changed on the way to the second.

    Texts and tags don't count, what is computed does. The exit code is 0 when they compute the same, 1 when
    they differ, 2 when one of them can't be loaded.

    Example: lossspec diff pix2pix my/pix2pix.loss.toml+vgg
    """
    from lossspec.language.load import load
    from lossspec.report.diff import differences  # `--help` does not pay

    try:
        before, after = load(first), load(second)
    except LossSpecError as error:  # as for `diff`, 1 means that there is a difference
        click.echo(told(error), err=True)
        raise SystemExit(2) from None
    changes = differences(before, after)
    if format_ == "json":
        click.echo(_json(before, after, changes))
    else:
        for line in _text(before, after, changes):
            click.echo(line, color=is_colored())
    if changes:
        raise SystemExit(1)


def _json(before: Spec, after: Spec, changes: Sequence[Change]) -> str:
    first, second = ({"reference": spec.reference, "digest": spec.digest} for spec in (before, after))
    rows = [
        {"path": ".".join(each.path), "kind": each.kind, "before": each.before, "after": each.after}
        for each in changes
    ]
    document = {"first": first, "second": second, "same": not changes, "changes": rows}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _text(before: Spec, after: Spec, changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield f"{before.reference} and {after.reference} compute the same"
        return
    rows = [(*SIGNS[each.kind], ".".join(each.path), _said(before, after, each)) for each in changes]
    width = max(len(path) for _, _, path, _ in rows)
    for sign, colour, path, said in rows:
        yield f"{click.style(f'{sign} {path:<{width}}', fg=colour)}  {said}"


def _said(before: Spec, after: Spec, change: Change) -> str:
    if change.path == ("losses",):
        return f"are added up in another order: {', '.join(map(str, _list(change.after)))}"
    if change.kind == "changed":
        return f"{_value(change.before)} → {_value(change.after)}"
    spec, value = (after, change.after) if change.kind == "added" else (before, change.before)
    section, name, *more = change.path
    return _value(value) if more or section != "losses" else _term(spec, name)


def _term(spec: Spec, name: str) -> str:
    """Return a term as mathematics, and the objective that it belongs to."""
    from lossspec.report.formula.math.notation import PLAIN  # `--help` does not pay
    from lossspec.report.formula.terms import TermWriter

    sign, text = TermWriter.of(spec, PLAIN).weighted(spec.losses[name])
    return f"{PLAIN.minus if sign == '-' else ''}{text} in {spec.losses[name].objective}"


def _value(value: object) -> str:
    return "none" if value is None else toml(value)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
