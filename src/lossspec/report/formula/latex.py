"""The formula of a spec as LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.clean import latex as clean_latex
from lossspec.report.formula.equations import Function, Total, functions, totals
from lossspec.report.formula.math.notation import LATEX
from lossspec.report.formula.symbols import Entry, legend

if TYPE_CHECKING:
    from lossspec.language.model import Spec


def latex(spec: Spec) -> str:
    r"""Return the objectives of a spec, its schedules, and the meanings of the symbols.

    The text is the body of a document that uses the package ``amsmath``.

    >>> import lossspec
    >>> print(latex(lossspec.load("lsgan")).splitlines()[1])
    \mathcal{L}_{\mathrm{G}} &= 0.5\, \operatorname{MSELoss}(\mathtt{pred\_fake}, 1) \\
    """
    parts = [aligned("align*", total_rows(spec))]
    if rows := function_rows(spec):
        parts += ["with", aligned("align*", rows)]
    items = [rf"\item[${entry.symbol}$] {_meaning(entry)}" for entry in legend(spec, LATEX)]
    return "\n".join([*parts, "where", r"\begin{description}", *items, r"\end{description}"])


def total_rows(spec: Spec) -> list[str]:
    """Return the rows of the objectives, aligned at ``&``."""
    return [row for total in totals(spec, LATEX) for row in _total(total)]


def function_rows(spec: Spec) -> list[str]:
    """Return the rows of the schedules, aligned at ``&``."""
    return [row for each in functions(spec, LATEX) for row in _function(each)]


def aligned(environment: str, rows: list[str]) -> str:
    """Return rows in an environment that aligns them."""
    body = " \\\\\n".join(rows)
    return f"\\begin{{{environment}}}\n{body}\n\\end{{{environment}}}"


def _meaning(entry: Entry) -> str:
    formula = rf" \texttt{{{clean_latex(entry.formula)}}}" if entry.formula else ""
    return clean_latex(entry.meaning) + formula


def _total(total: Total) -> list[str]:
    rows = [_signed(sign, text, first=at == 0) for at, (sign, text) in enumerate(total.terms)] or ["0"]
    begin, indent = "", r"&\quad "
    if total.factor and len(rows) == 1:
        rows = [LATEX.product([total.factor, rows[0]])]
    elif total.factor:
        begin, indent = rf"{total.factor}\, \bigl[ ", r"&\qquad\quad "
        rows[-1] += r" \bigr]"
    found = [f"{total.symbol} &= {begin}{rows[0]}", *(indent + row for row in rows[1:])]
    if total.monitored:
        found.append(rf"&\quad \text{{monitored: }} {', '.join(total.monitored)}")
    return found


def _signed(sign: str, text: str, *, first: bool) -> str:
    if not sign:
        return rf"\qquad {text}"  # continues a bracket
    if first:
        return text if sign == "+" else f"-{text}"
    return f"{sign} {text}"


def _function(function: Function) -> list[str]:
    (first, condition), *more = function.cases
    if not condition:
        text = first
    else:
        cases = [rf"{expression} & {condition}" for expression, condition in [(first, condition), *more]]
        text = "\\begin{cases} " + r" \\ ".join(cases) + " \\end{cases}"
    return [f"{function.symbol} &= {text}", *(f"{name} &= {text}" for name, text in function.parts)]
