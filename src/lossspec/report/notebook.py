"""The HTML that a notebook shows of a spec, an objective or a manager: its formula and a table of its terms.

Everything from a spec is escaped: its names and texts may come from anyone.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from lossspec.clean import html as clean_html
from lossspec.report.formula.markdown import weight
from lossspec.report.formula.math.notation import PLAIN
from lossspec.report.formula.mathml import mathml
from lossspec.report.formula.terms import TermWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.language.model import Spec

#: A notebook is read by people: of more terms, the first ones are listed, without a formula.
MOST = 100


def html(title: str, spec: Spec | None, rows: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Return a fragment of HTML with its own style.

    Args:
        title: a line above the formula, as text.
        spec: the spec whose formula is shown, or None for losses that come from no spec.
        rows: for each term, further cells by the title of their column; without them, the terms of the spec
            with their weights.

    >>> import lossspec
    >>> "<math" in html("pix2pix", lossspec.load("pix2pix"))
    True
    """
    style = (files("lossspec.report") / "page" / "notebook.css").read_text(encoding="utf-8")
    parts = [f"<style>{style}</style>", f"<p>{clean_html(title)}</p>"]
    if spec is not None and len(spec.losses) <= MOST:
        parts.append(mathml(spec))
    cells = rows if rows is not None else {} if spec is None else _weights(spec)
    parts.append("\n".join(_table(cells, spec)))
    return f'<div class="lossspec">\n{chr(10).join(parts)}\n</div>'


def _weights(spec: Spec) -> dict[str, dict[str, str]]:
    return {name: {"objective": term.objective, "weight": weight(term)} for name, term in spec.losses.items()}


def _table(rows: Mapping[str, Mapping[str, str]], spec: Spec | None) -> Iterator[str]:
    heads = ["term", *dict.fromkeys(head for row in rows.values() for head in row)]
    heads += ["loss"] if spec is not None else []
    yield '<table class="terms">'
    yield _row(heads, "th")
    writer = TermWriter.of(spec, PLAIN) if spec is not None else None
    for name, row in [*rows.items()][:MOST]:
        texts = [name, *(row.get(head, "") for head in heads[1 : len(heads) - (spec is not None)])]
        term = spec.losses.get(name) if spec is not None else None
        if writer is not None:
            texts.append(writer.unweighted(term) if term is not None else "")
        yield _row(texts, "td")
    if len(rows) > MOST:
        yield _row([f"{len(rows) - MOST} more"], "td")
    yield "</table>"


def _row(texts: Sequence[str], cell: str) -> str:
    return f"<tr>{''.join(f'<{cell}>{clean_html(text)}</{cell}>' for text in texts)}</tr>"
