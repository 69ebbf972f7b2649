"""Turns the plain-text formulas of docstrings into MathML, which browsers typeset without a script."""

from __future__ import annotations

import re
from html import escape

from lossspec.report.formula.math.notation import MINUS
from lossspec.report.formula.mathml import THIN, as_math

#: A name, a number, a bracket or a sign, with the space before it, its index and its power.
_PIECE = re.compile(
    r"(\s*)([^\W_]+(?:\.\d+)?|\|\||[<!>]=|<-|\S)(?:_([^\W_]+))?(?:\^(?:\(([^()]*)\)|([^\W_]+)))?"
)
_LETTERS = {
    "alpha": "\N{GREEK SMALL LETTER ALPHA}",
    "lambda": "\N{GREEK SMALL LETTER LAMDA}",
    "mu": "\N{GREEK SMALL LETTER MU}",
    "phi": "\N{GREEK SMALL LETTER PHI}",
    "sigma": "\N{GREEK SMALL LETTER SIGMA}",
    "theta": "\N{GREEK SMALL LETTER THETA}",
}
_SIGNS = {
    "sum": "\N{N-ARY SUMMATION}",
    "grad": "\N{NABLA}",
    "||": "\N{DOUBLE VERTICAL LINE}",
    "-": MINUS,
    "*": "\N{ASTERISK OPERATOR}",
    "!=": "\N{NOT EQUAL TO}",
    "<-": "\N{LEFTWARDS ARROW}",
}
_OPERATORS = frozenset("+-/=*~,<>") | {"!=", "<=", ">=", "<-"}


def typeset(text: str) -> str:
    """Return formulas, one per line, as MathML: ``x_i`` has an index, ``x^2`` and ``e^(-x)`` a power."""
    lines = [as_math(_pieces(line)) for line in text.strip().splitlines()]
    return f'<div class="formula">{"<br/>".join(lines)}</div>'


def _pieces(text: str) -> str:
    found: list[str] = []
    apart = False  # whether space before the next piece is kept: operators have their own
    for space, base, index, group, power in _PIECE.findall(text):
        if space and apart and base not in _OPERATORS:
            found.append(THIN)
        found.append(_scripted(_token(base), _pieces(index), _pieces(group or power)))
        apart = base == "," or base not in _OPERATORS
    return "".join(found)


def _token(base: str) -> str:
    if base in _SIGNS or not base[0].isalnum():
        return f"<mo>{escape(_SIGNS.get(base, base))}</mo>"
    return f"<mn>{base}</mn>" if base[0].isdigit() else f"<mi>{_LETTERS.get(base, base)}</mi>"


def _scripted(base: str, index: str, power: str) -> str:
    if index and power:
        return f"<msubsup>{base}<mrow>{index}</mrow><mrow>{power}</mrow></msubsup>"
    if index:
        return f"<msub>{base}<mrow>{index}</mrow></msub>"
    return f"<msup>{base}<mrow>{power}</mrow></msup>" if power else base
