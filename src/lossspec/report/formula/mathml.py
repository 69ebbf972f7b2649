"""The formula of a spec as MathML, which browsers typeset without a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.clean import html as clean_html
from lossspec.report.formula.equations import Function, Total, functions, totals
from lossspec.report.formula.math.notation import MINUS, Notation
from lossspec.report.formula.symbols import legend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lossspec.language.model import Spec
    from lossspec.report.formula.symbols import Entry

THIN = '<mspace width="0.2em"/>'
#: Numbers, letters and signs between the tags get their own tags at the end, in ``as_math``.
MATHML = Notation(
    escape=clean_html,
    letters={"L": "\N{SCRIPT CAPITAL L}", "λ": "λ", "Λ": "Λ", "τ": "τ", "·": "·"},
    index="<msub><mrow>{}</mrow><mtext>{}</mtext></msub>",
    minus=MINUS,
    identifier='<mtext class="tensor">{}</mtext>',
    operator='<mtext class="loss">{}</mtext>',
    words="<mtext>{}</mtext>",
    brackets="<mrow>({})</mrow>",
    beside=THIN,
    dot="·",
    fraction="<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>",
    fraction_is_tight=True,
    raised="<msup><mrow>{}</mrow><mrow>{}</mrow></msup>".format,
    calls={
        "pi": "π",
        "cos": "<mi>cos</mi><mrow>({})</mrow>",
        "exp": "<mi>exp</mi><mrow>({})</mrow>",
        "tanh": "<mi>tanh</mi><mrow>({})</mrow>",
        "log": "<mi>ln</mi><mrow>({})</mrow>",
        "sqrt": "<msqrt>{}</msqrt>",
        "floor": "<mrow>⌊{}⌋</mrow>",
        "min": "<mi>min</mi><mrow>({}, {})</mrow>",
        "max": "<mi>max</mi><mrow>({}, {})</mrow>",
        "mod": f"{{}}{THIN}<mtext>mod</mtext>{THIN}{{}}",
    },
    detached="<mi>sg</mi><mrow>({})</mrow>",
    at_steps="<mrow>[{} | {}]</mrow>",
    element="<msub><mrow>[{}]</mrow><mrow>{}</mrow></msub>",
    part="<msub><mrow>{}</mrow><mrow>{}</mrow></msub>",
    pairs={"all": "i,k", "different": "i≠k"},
    over={
        "sum": "<munder><mo>∑</mo><mrow>{}</mrow></munder>{}",
        "mean": "<msub><mi>mean</mi><mrow>{}</mrow></msub>{}",
        "min": "<munder><mi>min</mi><mrow>{}</mrow></munder>{}",
        "max": "<munder><mi>max</mi><mrow>{}</mrow></munder>{}",
    },
    less="&lt;",
    not_more="≤",
)
_PARTS = re.compile(r"(<m(text|i|o|n)\b[^>]*>.*?</m\2>|<[^>]+>)|([^<]+)")
_BRACKET = re.compile(r"<mo>([()\[\]⌊⌋|])</mo>")
#: A minus after a bracket, a comma or a relation is a sign, without the space of a difference.
_SIGN = re.compile(rf"(<mo>(?:[(\[,;=≤]|&lt;)</mo>\s*)<mo>{MINUS}</mo>")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|([^\W\d_])_(\d+)|[^\W\d_]|&\w+;|\S")


def mathml(spec: Spec) -> str:
    """Return the objectives of a spec and its schedules as rows of an HTML table.

    >>> import lossspec
    >>> mathml(lossspec.load("lsgan")).startswith('<table class="equations">')
    True
    """
    rows = [row for total in totals(spec, MATHML) for row in _total(total)]
    rows += [row for function in functions(spec, MATHML) for row in _function(function)]
    cells = [f"<tr><td>{as_math(left)}</td><td>{as_math(right)}</td></tr>" for left, right in rows]
    return f'<table class="equations">\n{chr(10).join(cells)}\n</table>'


def meanings(spec: Spec) -> str:
    """Return the meanings of the symbols of a formula as an HTML list."""
    return listed(legend(spec, MATHML))


def listed(symbols: Iterable[Entry]) -> str:
    """Return an HTML list of symbols and their meanings."""
    items = [
        f"<dt>{as_math(entry.symbol)}</dt><dd>{clean_html(entry.meaning)}"
        + (f" <code>{clean_html(entry.formula)}</code>" if entry.formula else "")
        + "</dd>"
        for entry in symbols
    ]
    return f'<dl class="meanings">\n{chr(10).join(items)}\n</dl>'


def _total(total: Total) -> Iterator[tuple[str, str]]:
    rows = [
        text if at == 0 and sign == "+" else _signed(sign, text)
        for at, (sign, text) in enumerate(total.terms)
    ]
    rows = rows or ["0"]
    if total.factor:
        open_, close = ("[", "]") if len(rows) > 1 else ("", "")
        rows[0] = MATHML.product([total.factor, open_ + rows[0]])
        rows[1:] = [f'<mspace width="1.5em"/>{row}' for row in rows[1:]]
        rows[-1] += close
    left = f"{total.symbol}="
    for row in rows:
        yield left, row
        left = ""
    if total.monitored:
        yield "", f"{MATHML.text('monitored:')}{THIN}{', '.join(total.monitored)}"


def _signed(sign: str, text: str) -> str:
    if not sign:  # continues a bracket
        return f'<mspace width="2em"/>{text}'
    return f'<mo lspace="0" rspace="0.3em">{MINUS if sign == "-" else "+"}</mo>{text}'


def _function(function: Function) -> Iterator[tuple[str, str]]:
    (first, condition), *_ = function.cases
    text = first
    if condition:  # the style sheet draws the brace: few fonts have one that grows
        rows = [f"<mtr><mtd>{value}</mtd><mtd>{where}</mtd></mtr>" for value, where in function.cases]
        text = f'<mtable class="cases">{"".join(rows)}</mtable>'
    yield f"{function.symbol}=", text
    for name, meaning in function.parts:
        yield f"{name}=", meaning


def as_math(text: str) -> str:
    """Return a formula as MathML, with tags added around bare numbers, letters and signs.

    Brackets stretch only around a fraction: without a mathematics font, browsers draw stretchy brackets too
    large for a line of text.

    >>> as_math("x=2")
    '<math displaystyle="true"><mrow><mi>x</mi><mo>=</mo><mn>2</mn></mrow></math>'
    """
    if not text:
        return ""
    tagged = _PARTS.sub(lambda part: part[1] or _TOKEN.sub(_token, part[3]), text)
    tagged = _SIGN.sub(rf'\1<mo form="prefix">{MINUS}</mo>', tagged)
    if "<mfrac>" not in tagged:
        tagged = _BRACKET.sub(r'<mo stretchy="false">\1</mo>', tagged)
    return f'<math displaystyle="true"><mrow>{tagged}</mrow></math>'


def _token(match: re.Match[str]) -> str:
    token = match[0]
    if match[2]:
        return f"<msub><mi>{match[1]}</mi><mn>{match[2]}</mn></msub>"
    kind = "mn" if token[0].isdigit() else "mi" if token.isalpha() else "mo"
    return f"<{kind}>{token}</{kind}>"
