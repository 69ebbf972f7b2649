"""The formula of a spec as Markdown, with LaTeX between dollar signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.clean import code as clean_code
from lossspec.clean import markdown as clean_markdown
from lossspec.report.draw.text import exact
from lossspec.report.formula.latex import aligned, function_rows, total_rows
from lossspec.report.formula.math.notation import LATEX, PLAIN
from lossspec.report.formula.symbols import inputs, losses, signs
from lossspec.report.formula.terms import TermWriter
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Spec, Term
    from lossspec.report.formula.symbols import Entry

_is_address = re.compile(r"https?://[\w.~%/?=&;,:+@#()-]+", re.ASCII).fullmatch


def markdown(spec: Spec) -> str:
    """Return a page about a spec: its formula, a table of its terms, its inputs, losses and sources.

    >>> import lossspec
    >>> print(markdown(lossspec.load("pix2pix")).splitlines()[0])
    # pix2pix
    """
    lines = [f"# {clean_markdown(spec.reference)}", ""]
    lines += [clean_markdown(spec.description), ""] if spec.description else []
    lines += _mathematics(total_rows(spec))
    if rows := function_rows(spec):
        lines += ["with", "", *_mathematics(rows)]
    if explained := [f"- ${entry.symbol}$: {clean_markdown(entry.meaning)}" for entry in signs(spec, LATEX)]:
        lines += ["where", "", *explained, ""]
    lines += [*term_table(spec), ""]
    for title, items in sections(spec).items():
        lines += [f"## {title}", "", *items, ""]
    return "\n".join(lines).rstrip() + "\n"


def _mathematics(rows: list[str]) -> list[str]:
    return ["$$", aligned("aligned", rows), "$$", ""]


def term_table(spec: Spec) -> Iterator[str]:
    """Yield the rows of a table of the terms: name, objective, weight and loss."""
    writer = TermWriter.of(spec, PLAIN)
    yield "| term | objective | weight | loss |"
    yield "|---|---|---|---|"
    for term in spec.losses.values():
        cells = (
            clean_code(term.name),
            clean_code(term.objective),
            weight(term),
            clean_code(writer.unweighted(term)),
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def weight(term: Term) -> str:
    """Return the weight of a term as text: a number, or the type of its schedule."""
    text = term.weight.type_name if isinstance(term.weight, Schedule) else exact(term.weight)
    return f"{text}, every {term.every.steps} steps times {exact(term.every.gain)}" if term.every else text


def _item(entry: Entry) -> str:
    return f"- {clean_code(entry.symbol)}: {clean_markdown(entry.meaning)}" + (
        f" {clean_code(entry.formula)}" if entry.formula else ""
    )


def _source(text: str) -> str:
    """Return the link to a source, or only its text if it is not a web address."""
    return f"<{text}>" if _is_address(text) else clean_markdown(text)


def sections(spec: Spec) -> dict[str, list[str]]:
    """Return lists of the inputs, the losses and the sources by title, without empty ones."""
    found = {
        "Inputs": [_item(entry) for entry in inputs(spec, PLAIN)],
        "Losses": [_item(entry) for entry in losses(spec, PLAIN)],
        "Sources": [f"- {_source(source)}" for source in spec.references],
    }
    return {title: items for title, items in found.items() if items}
